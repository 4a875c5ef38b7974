package timer

import (
	"errors"
	"fmt"

	"gantry/remoting/message"
)

// again is a call of PutAgain on its way.
type again struct {
	before int64
	done   chan error
}

// PutAgain appends the messages once more that are not delivered yet and whose records lie before a physical offset: the
// log is about to lose them. They are due when they were. After an error some are not appended; call it again. Errors:
// ErrClosed, those of Queue and Log.
func (s *Service) PutAgain(before int64) error {
	request := again{before, make(chan error, 1)}
	select {
	case s.asks <- request:
		return <-request.done
	case <-s.stop:
		return ErrClosed
	}
}

// putSomeAgain does a part of what is asked first; more says that there is another.
func (s *Service) putSomeAgain() (more bool) {
	if len(s.again) == 0 {
		return false
	}
	through, err := s.putBatchAgain(s.again[0].before)
	if err == nil && !through {
		return true
	}
	if err != nil {
		err = fmt.Errorf("put timer messages again from %d on: %w", s.putAgain, err)
	}
	s.again[0].done <- err
	s.again = s.again[1:]
	return len(s.again) > 0
}

// putBatchAgain goes on from s.putAgain; through says that no message before the offset is left.
func (s *Service) putBatchAgain(before int64) (through bool, err error) {
	low, high := s.queue.Bounds()
	s.putAgain = max(s.putAgain, low)
	if s.putAgain >= high {
		return true, nil
	}
	n, err := s.queue.Units(s.putAgain, s.units[:])
	if err == nil && n == 0 {
		err = errors.New("messages below the queue's end cannot be read")
	}
	if err != nil {
		return false, err
	}
	var messages []*message.Message
	var behind []int64 // behind[i]: what putAgain is once messages[:i+1] are appended
	next, bytes := s.putAgain, 0
	for _, u := range s.units[:n] {
		if through = u.PhysicalOffset >= before; through || bytes >= s.config.MaxBatchBytes {
			break
		}
		m, err := s.loadAgain(entry{ordinal: next}, u)
		if err != nil {
			return false, err
		}
		next++
		if m != nil {
			bytes += int(u.Bytes)
			messages, behind = append(messages, m), append(behind, next)
		}
	}
	if len(messages) > 0 {
		appended, err := s.log.Append(messages)
		if err != nil {
			if appended > 0 {
				s.putAgain = behind[appended-1]
			}
			return false, err
		}
	}
	s.putAgain = next
	return through, nil
}

// loadAgain returns the message for the queue's end, nil for one that is delivered or never can be.
func (s *Service) loadAgain(e entry, u Unit) (*message.Message, error) {
	due, err := s.dueAt(u)
	if skippable(err) {
		s.logger.Error("a timer message is skipped", "ordinal", e.ordinal, "physical_offset", u.PhysicalOffset, "err", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if e.due = due; s.before.covers(e) || e.ordinal < s.read && e.before(s.pending.head()) {
		return nil, nil
	}
	record, err := s.queue.Record(u)
	if err != nil {
		return nil, err
	}
	return s.config.Rules.again(record, nowMillis())
}
