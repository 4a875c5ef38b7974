package delay

import (
	"errors"
	"math"
	"sync/atomic"
	"time"

	"gantry/remoting/message"
)

// idle is the due time of a level whose queue is empty.
const idle = math.MaxInt64

// level is the progress of one level. All but next and asleep belong to the service's goroutine.
type level struct {
	number      int
	delayMillis int64
	next        atomic.Int64 // offset of the first entry that is not delivered
	asleep      atomic.Bool  // the queue was empty: an arrival must wake the service

	dueMillis int64 // when to look at the queue again; idle where it is empty
	failing   bool  // the last attempt failed and was logged

	// Entries before cappedOffset are due at cappedMillis at the latest, see cap.
	cappedOffset, cappedMillis int64
}

// turn delivers what is due of the level, at most one batch, and sets when to look again.
func (s *Service) turn(l *level, nowMillis int64) {
	if err := s.deliver(l, nowMillis); err != nil {
		if !l.failing {
			s.logger.Error("delayed messages wait, delivery failed", "level", l.number, "offset", l.next.Load(), "err", err)
		}
		l.failing = true
		l.dueMillis = nowMillis + retryMillis
		return
	}
	if l.failing {
		s.logger.Info("delayed messages are delivered again", "level", l.number)
		l.failing = false
	}
}

func (s *Service) deliver(l *level, nowMillis int64) error {
	low, high := s.schedule.Bounds(QueueID(l.number))
	if l.next.Load() < low {
		s.logger.Error("delayed messages have expired before their time", "level", l.number, "from", l.next.Load(), "to", low)
		s.advance(l, low)
	}
	if l.next.Load() >= high {
		s.sleep(l)
		return nil
	}
	n, err := s.schedule.Entries(QueueID(l.number), l.next.Load(), s.entries[:])
	if err != nil {
		return err
	}
	if n == 0 {
		return errors.New("entries below the queue's end cannot be read")
	}
	return s.deliverBatch(l, s.entries[:n], high, nowMillis)
}

// deliverBatch appends the due ones of the entries, which begin at l.next.
func (s *Service) deliverBatch(l *level, entries []Entry, high, nowMillis int64) error {
	first := l.next.Load()
	var messages []*message.Message
	var behind []int64 // behind[i]: what is next once messages[:i+1] are appended
	bytes, end := 0, first
	l.dueMillis = nowMillis // there may be more, in the next turn
	for i, e := range entries {
		due := l.cap(first+int64(i), e.DueMillis, high, nowMillis)
		if due > nowMillis {
			l.dueMillis = due
			break
		}
		if bytes > 0 && bytes+int(e.Bytes) > s.config.MaxBatchBytes {
			break
		}
		m, err := s.load(l, e)
		if err != nil {
			return errors.Join(err, s.append(l, messages, behind, first))
		}
		end = first + int64(i) + 1
		if m != nil {
			bytes += int(e.Bytes)
			messages, behind = append(messages, m), append(behind, end)
		}
	}
	if err := s.append(l, messages, behind, first); err != nil {
		return err
	}
	s.advance(l, end)
	return nil
}

// append appends the messages and moves the level behind those that are in the log.
func (s *Service) append(l *level, messages []*message.Message, behind []int64, first int64) error {
	if len(messages) == 0 {
		return nil
	}
	appended, err := s.log.Append(messages)
	next := first
	if appended > 0 {
		next = behind[appended-1]
	}
	s.advance(l, next)
	return err
}

// load returns the entry's message as it is to be appended, nil for one that never can be.
func (s *Service) load(l *level, e Entry) (*message.Message, error) {
	record, err := s.schedule.Record(e)
	if err == nil {
		var m *message.Message
		if m, err = restore(record); err == nil {
			return m, nil
		}
	}
	if errors.Is(err, ErrGone) || errors.Is(err, errNotDeliverable) {
		s.logger.Error("a delayed message is skipped", "level", l.number, "physical_offset", e.PhysicalOffset, "err", err)
		return nil, nil
	}
	return nil, err
}

// cap corrects a due time that is further away than the level's delay: the clock was set back, or the level was
// shortened. Java delivers such messages at once, which may be early; here all that are in the queue then wait one
// full delay from then.
func (l *level) cap(offset, dueMillis, high, nowMillis int64) int64 {
	latest := nowMillis + l.delayMillis
	if dueMillis > latest && offset >= l.cappedOffset {
		l.cappedOffset, l.cappedMillis = high, latest
	}
	if offset < l.cappedOffset {
		return min(dueMillis, l.cappedMillis)
	}
	return dueMillis
}

func (s *Service) advance(l *level, next int64) {
	if l.next.Load() != next {
		l.next.Store(next)
		s.saver.Changed()
	}
}

// sleep leaves the level until an arrival, unless there was one meanwhile.
func (s *Service) sleep(l *level) {
	l.dueMillis = idle
	l.asleep.Store(true)
	if _, high := s.schedule.Bounds(QueueID(l.number)); high > l.next.Load() && l.asleep.CompareAndSwap(true, false) {
		l.dueMillis = time.Now().UnixMilli()
	}
}
