package transaction

import (
	"errors"
	"time"

	"gantry/storenode/consumequeue"
	"gantry/storenode/store"
	"gantry/storenode/topic"
)

// load reads the operation records that were there at the start, from one on. It tries until it can, and is false where
// the service stopped before.
func (s *Service) load(from int64) bool {
	low, high := s.bounds(topic.TransOpHalfTopic)
	from = max(low, min(from, high))
	s.mu.Lock()
	s.ledger.opHigh = max(s.ledger.opHigh, from)
	s.mu.Unlock()
	var failing bool
	for from < high {
		select {
		case <-s.stop:
			return false
		default:
		}
		read, err := s.loadSome(from, high)
		from += read
		if err == nil {
			continue
		}
		if !failing {
			failing = true
			s.config.Log.Error("transactions wait, their operation records cannot be read", "offset", from, "err", err)
		}
		if !s.rest(retryEvery) {
			return false
		}
	}
	close(s.loaded)
	return true
}

// rest is false where the service stopped meanwhile.
func (s *Service) rest(d time.Duration) bool {
	select {
	case <-s.stop:
		return false
	case <-time.After(d):
		return true
	}
}

const loadUnits = 256 // read at a time

var errNoUnits = errors.New("units below the queue's end cannot be read")

// loadSome reads some operation records and says how many it is through with. One that the disk has changed is passed
// over: its half message is asked about again.
func (s *Service) loadSome(from, high int64) (read int64, err error) {
	var units [loadUnits]consumequeue.Unit
	n, err := s.config.Store.Units(topic.TransOpHalfTopic, queueID, from, units[:min(loadUnits, high-from)])
	if err == nil && n == 0 {
		err = errNoUnits
	}
	for _, u := range units[:n] {
		if err := s.loadOne(u, from+read); err != nil {
			return read, err
		}
		read++
	}
	return read, err
}

func (s *Service) loadOne(u consumequeue.Unit, op int64) error {
	if u.Blank() {
		return nil
	}
	record, err := s.config.Store.RecordAt(u.Physical)
	if s.gone(u, err) {
		s.config.Log.Error("an operation record of a transaction is lost", "offset", op, "err", err)
		return nil
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range endedBy(record) {
		s.ledger.end(q, op)
	}
	return nil
}

// gone says that a record will not come back.
func (s *Service) gone(u consumequeue.Unit, err error) bool {
	return errors.Is(err, store.ErrNotFound) && (u.Physical < s.config.Store.Min() || store.IsDamage(err))
}
