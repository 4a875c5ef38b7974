package transaction

import (
	"errors"
	"fmt"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/topic"
)

// putAgain is a call of PutAgain on its way to the service's goroutine.
type putAgain struct {
	before int64
	done   chan error
}

// PutAgain appends the open half messages once more whose records lie before a physical offset: the log is about to lose
// them. They are not synced. After an error some are not appended; call it again. Errors: ErrClosed, the
// store's.
func (s *Service) PutAgain(before int64) error {
	request := putAgain{before, make(chan error, 1)}
	s.urgent.Add(1)
	select {
	case s.again <- request:
		return <-request.done
	case <-s.stop:
		return ErrClosed
	}
}

var errNotLoaded = errors.New("operation records of transactions are being read")

func (s *Service) putAllAgain(before int64) error {
	if !s.isLoaded() {
		return errNotLoaded
	}
	_, high := s.bounds(topic.TransHalfTopic)
	for at, more := int64(0), true; more; {
		opens := s.opensFrom(at, high)
		if len(opens) == 0 {
			break
		}
		var err error
		if more, err = s.putSomeAgain(opens, before); err != nil {
			return fmt.Errorf("put half messages again from %d on: %w", opens[0], err)
		}
		at = opens[len(opens)-1] + 1
	}
	return nil
}

// putSomeAgain says whether there may be more behind.
func (s *Service) putSomeAgain(opens []int64, before int64) (more bool, err error) {
	var due []*candidate
	for _, q := range opens {
		h, err := s.halfAt(q)
		switch {
		case errors.Is(err, errLost) || errors.Is(err, errNoHalf):
			s.lose(q, err)
		case err != nil:
			return false, err
		case h.PhysicalOffset >= before:
			return false, s.keepAll(due)
		default:
			due = append(due, &candidate{h, keep})
		}
	}
	return true, s.keepAll(due)
}

var errEnding = errors.New("a transaction is ending just now")

func (s *Service) keepAll(due []*candidate) error {
	claimed := s.claimOpen(due)
	if err := s.putAgain(claimed); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range due {
		if s.ledger.of(c.QueueOffset) == open {
			return fmt.Errorf("half message %d: %w", c.QueueOffset, errEnding)
		}
	}
	return nil
}

// putAgain writes claimed half messages to where their verdicts lead, all at once, and gives them back.
func (s *Service) putAgain(put []*candidate) error {
	var errs []error
	done := make(chan struct{}, len(put))
	requests := make([]*commitlog.Request, len(put))
	for i, c := range put {
		m, err := s.nextRecord(c)
		r := &commitlog.Request{Done: func(*commitlog.Request) { done <- struct{}{} }}
		if err == nil {
			r.Topic, r.QueueID = m.Topic, m.QueueID
			err = s.append(r, m)
		}
		if requests[i] = r; err != nil {
			r.Err = err
			done <- struct{}{}
		}
	}
	for range put {
		<-done
	}
	for i, c := range put {
		errs = append(errs, s.putDone(c, requests[i]))
	}
	return errors.Join(errs...)
}

// nextRecord is what is written for a candidate.
func (s *Service) nextRecord(c *candidate) (*message.Message, error) {
	switch c.verdict {
	case ask:
		return c.again(), nil
	case giveUp:
		return c.moveTo(topic.TransCheckMaxTimeTopic, 0), s.config.MakeTopic(topic.TransCheckMaxTimeTopic, 1)
	}
	return c.kept(), nil
}

func (s *Service) putDone(c *candidate, r *commitlog.Request) error {
	if r.Err != nil {
		s.release(c.key())
		return r.Err
	}
	s.settle(c)
	switch c.verdict {
	case ask:
		s.config.Ask(c.group, c.asked(r.QueueOffset, int64(r.Offset)))
	case giveUp:
		s.config.Log.Error("a transaction is given up: its half message is in "+topic.TransCheckMaxTimeTopic, "topic", c.realTopic,
			"group", c.group, "unique_key", c.uniq, "checks", c.checks)
	}
	return nil
}
