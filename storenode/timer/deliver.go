package timer

import (
	"fmt"

	"gantry/remoting/message"
)

// deliver appends what is due, at most one batch; more says that others are.
func (s *Service) deliver() (more bool, err error) {
	now := nowMillis()
	var taken []entry
	var messages []*message.Message
	bytes := 0
	for len(taken) < batchUnits && bytes < s.config.MaxBatchBytes && err == nil {
		e := s.pending.head()
		if e.due > now {
			break
		}
		var m *message.Message
		if m, err = s.load(e, now); err != nil {
			break
		}
		if err = s.pending.pop(); err != nil {
			break
		}
		if m != nil {
			bytes += len(m.Body) + len(m.Properties)
			taken, messages = append(taken, e), append(messages, m)
		}
	}
	if appendErr := s.append(taken, messages); err == nil {
		err = appendErr
	}
	if err == nil {
		err = s.dropExhausted()
	}
	return s.pending.head().due <= now, err
}

// append delivers the messages; those that are not appended are pending again.
func (s *Service) append(taken []entry, messages []*message.Message) error {
	if len(messages) == 0 {
		return nil
	}
	appended, err := s.log.Append(messages)
	for _, e := range taken[appended:] {
		s.pending.push(e)
	}
	return err
}

// load returns the message as it is to be appended, nil for one that never can be or that was put again.
func (s *Service) load(e entry, now int64) (*message.Message, error) {
	if e.ordinal < s.putAgain {
		return nil, nil
	}
	record, err := s.recordOf(e.ordinal)
	var m *message.Message
	if err == nil {
		m, err = s.config.Rules.restore(record, now)
	}
	if skippable(err) {
		s.logger.Error("a timer message is skipped", "ordinal", e.ordinal, "err", err)
		return nil, nil
	}
	return m, err
}

func (s *Service) recordOf(ordinal int64) (message.Record, error) {
	if low, _ := s.queue.Bounds(); ordinal < low {
		return nil, fmt.Errorf("%w: the queue begins at %d", ErrGone, low)
	}
	var u [1]Unit
	n, err := s.queue.Units(ordinal, u[:])
	if err == nil && n == 0 {
		err = fmt.Errorf("message %d of the queue cannot be read", ordinal)
	}
	if err != nil {
		return nil, err
	}
	return s.queue.Record(u[0])
}

// dropExhausted removes the files of which all is delivered, once the progress no longer names them.
func (s *Service) dropExhausted() error {
	gone := s.pending.takeExhausted()
	if len(gone) == 0 {
		return nil
	}
	s.note()
	if err := s.saver.Flush(); err != nil {
		return err // the next start removes them
	}
	for _, r := range gone {
		if err := s.fs.Remove(runPath(s.config.Dir, r.number)); err != nil {
			return err
		}
	}
	return nil
}
