package transaction

import (
	"fmt"

	"gantry/storenode/commitlog"
)

// End is one END_TRANSACTION.
type End struct {
	Group          string
	QueueOffset    int64 // of the half message: tranStateTableOffset
	PhysicalOffset int64 // commitLogOffset
	Commit         bool  // else it is rolled back

	// Written is called before Done where the answer waits for the disk. It must not block.
	Written func()
	// Done is called once: the transaction has ended, as asked now or before, and all that says so lies before an offset of
	// the log; or why it has not. It must not block. Errors: *WrongError, ErrBusy, ErrClosed, the store's.
	Done func(end commitlog.Offset, err error)
}

// WrongError says that a request does not fit any half message, or not what became of it.
type WrongError struct{ Reason string }

func (e *WrongError) Error() string { return e.Reason }

// ending is an End under way.
type ending struct {
	*End
	half *half
}

// End ends a transaction. It may wait for the disk to read the half message.
func (s *Service) End(e *End) {
	if err := s.admit(); err != nil {
		e.Done(0, err)
		return
	}
	answered := *e
	answered.Done = func(end commitlog.Offset, err error) {
		s.mu.Lock()
		s.ends--
		s.mu.Unlock()
		e.Done(end, err)
	}
	h, err := s.halfOf(&answered)
	if err != nil {
		answered.Done(0, err)
		return
	}
	s.start(ending{&answered, h})
}

func (s *Service) admit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.ends >= s.config.Ends:
		return fmt.Errorf("%w: %d", ErrBusy, s.ends)
	}
	s.ends++
	return nil
}

// halfOf reads the half message that a request names and compares what it says of it, in Java's order.
func (s *Service) halfOf(e *End) (*half, error) {
	record, err := s.config.Store.RecordAt(commitlog.Offset(e.PhysicalOffset))
	if err != nil {
		return nil, &WrongError{"Find prepared transaction message failed"}
	}
	h, err := parse(record)
	switch {
	case err != nil:
		return nil, &WrongError{"Find prepared transaction message failed: " + err.Error()}
	case h.group != e.Group:
		return nil, &WrongError{"The producer group wrong"}
	case h.QueueOffset != e.QueueOffset:
		return nil, &WrongError{"The transaction state table offset wrong"}
	}
	return h, nil
}

// start ends the transaction, at once where all about it is known, or when its turn comes.
func (s *Service) start(e ending) {
	key, q := e.half.key(), e.half.QueueOffset
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		e.Done(0, ErrClosed)
		return
	}
	if held := s.claims[key]; held != nil {
		held.waiting = append(held.waiting, func() { s.start(e) })
		s.mu.Unlock()
		return
	}
	now := s.ledger.of(q)
	if now != ended {
		s.tryClaim(key)
	}
	s.mu.Unlock()
	switch {
	case now == ended:
		s.answerEnded(e)
	case now == open && !s.doubtful(e.half):
		s.write(e, key, e.Commit, []int64{q})
	case !s.finder.put(e):
		s.refuse(e, ErrClosed)
	}
}

// answerEnded answers a request of which everything is in the log, when it is as safe as asked.
func (s *Service) answerEnded(e ending) {
	end := s.config.Store.End()
	if !s.config.SyncFlush {
		e.Done(end, nil)
		return
	}
	e.Written()
	s.config.Beside(func() { e.Done(end, s.config.Store.Log().Sync()) })
}

// doubtful says that the log may hold more of a half message's transaction than the ledger knows: a commit without its
// operation record, where the process was killed in between, or other copies.
func (s *Service) doubtful(h *half) bool { return h.copied || h.QueueOffset < s.inherited }

// decide ends a transaction of which all that the log holds has been found.
func (s *Service) decide(e ending, found *found) {
	key := e.half.key()
	s.mu.Lock()
	opens, over := found.opens(&s.ledger), found.ended(&s.ledger)
	s.mu.Unlock()
	switch {
	case e.Commit && over && !found.committed:
		s.write(e.refusing(), key, false, opens)
	case !e.Commit || found.committed:
		s.write(e, key, false, opens)
	case len(opens) > 0 || found.discarded:
		s.adopt(e.half)
		s.write(e, key, true, opens)
	default:
		s.write(e.refusing(), key, false, nil)
	}
}

// refusing is an ending that carries out what the one before wanted, and answers so.
func (e ending) refusing() ending {
	refused := *e.End
	refused.Done = func(_ commitlog.Offset, err error) {
		if err == nil {
			err = &WrongError{"the transaction has ended before, and was not committed"}
		}
		e.Done(0, err)
	}
	return ending{&refused, e.half}
}

// adopt makes the row of the message's topic, which a kill may have taken: there was no message to see it by.
func (s *Service) adopt(h *half) {
	if err := s.config.MakeTopic(h.realTopic, h.realQueue+1); err != nil {
		s.config.Log.Warn("topic of a committed message not made", "topic", h.realTopic, "err", err)
	}
}
