package delay

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"gantry/remoting/message"
)

// ErrClosed is what PutAgain returns when the service is closed.
var ErrClosed = errors.New("delivery of delayed messages is closed")

// putAgain is a call of PutAgain on its way to the service's goroutine.
type putAgain struct {
	before int64
	done   chan error
}

// PutAgain appends the messages once more that are not delivered yet and whose records lie before a physical offset: the
// log is about to lose them. Each goes into the level with the shortest delay that is not shorter than the time it still
// has to wait, so it may come later than asked for, but never earlier. After an error some are not appended; call it
// again. Errors: ErrClosed, those of Schedule and Log.
func (s *Service) PutAgain(before int64) error {
	request := putAgain{before, make(chan error, 1)}
	select {
	case s.again <- request:
		return <-request.done
	case <-s.stop:
		return ErrClosed
	}
}

func (s *Service) putAllAgain(before int64) error {
	for _, l := range s.levels {
		for more := true; more; {
			var err error
			if more, err = s.putBatchAgain(l, before); err != nil {
				return fmt.Errorf("put delayed messages of level %d again: %w", l.number, err)
			}
		}
	}
	return nil
}

// putBatchAgain appends one batch and says whether there may be more.
func (s *Service) putBatchAgain(l *level, before int64) (more bool, err error) {
	low, high := s.schedule.Bounds(QueueID(l.number))
	first := max(low, l.next.Load())
	if first >= high {
		return false, nil
	}
	n, err := s.schedule.Entries(QueueID(l.number), first, s.entries[:])
	if err == nil && n == 0 {
		err = errors.New("entries below the queue's end cannot be read")
	}
	if err != nil {
		return false, err
	}
	var messages []*message.Message
	var behind []int64
	end, bytes := first, 0
	for _, e := range s.entries[:n] {
		if e.PhysicalOffset >= before || bytes > 0 && bytes+int(e.Bytes) > s.config.MaxBatchBytes {
			break
		}
		m, err := s.loadAgain(l, e)
		if err != nil {
			return false, errors.Join(err, s.append(l, messages, behind, first))
		}
		end++
		if m != nil {
			bytes += int(e.Bytes)
			messages, behind = append(messages, m), append(behind, end)
		}
	}
	if err := s.append(l, messages, behind, first); err != nil {
		return false, err
	}
	if end > first {
		s.advance(l, end)
	}
	return end > first, nil
}

// loadAgain returns the entry's message for the level that fits what it still has to wait; nil for one that can never
// be delivered.
func (s *Service) loadAgain(l *level, e Entry) (*message.Message, error) {
	record, err := s.schedule.Record(e)
	if err == nil && len(record) != int(e.Bytes) {
		err = fmt.Errorf("%w: its record has %d bytes, its entry says %d", errNotDeliverable, len(record), e.Bytes)
	}
	if err == nil {
		_, err = restore(record)
	}
	if errors.Is(err, ErrGone) || errors.Is(err, errNotDeliverable) {
		s.logger.Error("a delayed message is skipped", "level", l.number, "physical_offset", e.PhysicalOffset, "err", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, _, err := message.Decode(record)
	if err != nil {
		return nil, err
	}
	fit := s.fitting(l, e.DueMillis-time.Now().UnixMilli())
	m.QueueID = QueueID(fit.number)
	m.Properties = m.Properties.Set(message.PropertyDelay, strconv.Itoa(fit.number))
	m.QueueOffset, m.PhysicalOffset, m.StoreTimestamp = 0, 0, 0
	return &m, nil
}

// fitting is the level with the shortest delay of at least leftMillis; l where none is better.
func (s *Service) fitting(l *level, leftMillis int64) *level {
	best := l
	for _, other := range s.levels {
		if other.delayMillis >= leftMillis && other.delayMillis < best.delayMillis {
			best = other
		}
	}
	return best
}
