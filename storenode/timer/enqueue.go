package timer

import (
	"errors"
	"time"
)

// enqueue reads the next messages of the queue and takes note of when they are due; more says that there are others.
func (s *Service) enqueue() (more bool, err error) {
	low, high := s.queue.Bounds()
	if s.read < low {
		s.logger.Error("timer messages have expired unread", "from", s.read, "to", low)
		s.read = low
	}
	if s.read >= high {
		return s.sleep(), nil
	}
	if err := s.makeRoom(); err != nil || s.pending.full() {
		return false, err
	}
	n, err := s.queue.Units(s.read, s.units[:min(batchUnits, s.config.MaxYoung-len(s.pending.young))])
	if err == nil && n == 0 {
		err = errors.New("messages below the queue's end cannot be read")
	}
	if err != nil {
		return false, err
	}
	bytes := 0
	for _, u := range s.units[:n] {
		if bytes += int(u.Bytes); bytes > s.config.MaxBatchBytes && bytes > int(u.Bytes) {
			break
		}
		if err := s.take(u); err != nil {
			return false, err
		}
		s.read++
	}
	return true, nil
}

// take notes the message at s.read, unless it is done with.
func (s *Service) take(u Unit) error {
	if s.read < s.putAgain {
		return nil
	}
	e := entry{ordinal: s.read}
	var err error
	if e.due, err = s.dueAt(u); skippable(err) {
		s.logger.Error("a timer message is skipped", "ordinal", s.read, "physical_offset", u.PhysicalOffset, "err", err)
		return nil
	}
	if err == nil && !s.before.covers(e) {
		s.pending.push(e)
	}
	return err
}

func skippable(err error) bool { return errors.Is(err, ErrGone) || errors.Is(err, errNotDeliverable) }

func (s *Service) dueAt(u Unit) (int64, error) {
	record, err := s.queue.Record(u)
	if err != nil {
		return 0, err
	}
	return s.config.Rules.dueOf(record.Properties(), record.StoreTimestamp())
}

// makeRoom spills what is young, once that is full, or so old that a start would read much of the queue again. Beyond the
// bound of runs it waits until one is delivered.
func (s *Service) makeRoom() error {
	full := s.pending.full() || s.read-s.kept >= int64(s.config.MaxYoung)
	if !full || len(s.pending.runs) >= s.config.MaxRuns {
		return nil
	}
	return s.spill()
}

// advanceKept looks, now and then, which is the first of the young.
func (s *Service) advanceKept() {
	if len(s.pending.young) > 0 && s.read-s.keptAt < int64(s.config.MaxYoung)/4 {
		return
	}
	s.keptAt, s.kept = s.read, s.read
	for _, e := range s.pending.young {
		s.kept = min(s.kept, e.ordinal)
	}
}

// spill makes a run of what is young. It names places of the queue, which must not get other messages after a loss of
// power: the log goes first.
func (s *Service) spill() error {
	if err := s.log.Sync(); err != nil {
		return err
	}
	if err := s.pending.spill(); err != nil {
		return err
	}
	s.kept, s.keptAt = s.read, s.read
	return nil
}

// spillLast saves the next start from reading again what is young.
func (s *Service) spillLast() {
	const worth = 1024
	s.note()
	if s.read-s.kept >= worth && len(s.pending.young) > 0 && len(s.pending.runs) < s.config.MaxRuns {
		if err := s.spill(); err != nil {
			s.logger.Warn("timer messages are read again at the next start", "err", err)
		}
	}
	s.note()
}

// sleep leaves the queue until an arrival; more says that there was one meanwhile.
func (s *Service) sleep() (more bool) {
	s.asleep.Store(true)
	_, high := s.queue.Bounds()
	return high > s.read && s.asleep.CompareAndSwap(true, false)
}

// nowMillis is the time as messages have it.
func nowMillis() int64 { return time.Now().UnixMilli() }
