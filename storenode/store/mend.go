package store

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"gantry/storenode/consumequeue"
)

// mender makes units of consume queues again that were found damaged, from the log, which the queues are a function of.
// While it is at units they are neither served nor passed over. What it forgets, because the store stops or has too much
// to mend, is found again.
type mender struct {
	store  *Store
	signal chan struct{} // holds one
	count  atomic.Int64  // of mends

	mu    sync.Mutex // guards mends and what they say of their range; never held across input or output
	mends map[*consumequeue.Queue][]*mend

	buffered int64  // bytes of units the mends hold; this and record are the goroutine's own
	record   []byte // the last one judged by
}

// ErrMending says that units are being made again: what was asked for can be asked for again soon.
var ErrMending = errors.New("consume queue is being mended")

// MendingError says which units. It is an ErrMending.
type MendingError struct {
	Topic    string
	QueueID  int32
	From, To int64 // queue offsets
}

func (e *MendingError) Error() string {
	return fmt.Sprintf("%v: topic %s, queue %d, offsets %d to %d, from the commit log; try again", ErrMending, e.Topic, e.QueueID, e.From, e.To-1)
}

func (e *MendingError) Unwrap() error { return ErrMending }

func (m *mender) init(s *Store) {
	m.store, m.signal, m.mends = s, make(chan struct{}, 1), map[*consumequeue.Queue][]*mend{}
}

// add has the units of [from, to) looked at and made again; false where there is too much to mend already.
func (m *mender) add(q *consumequeue.Queue, from, to consumequeue.Offset, reason error) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, j := range m.mends[q] {
		if j.from <= from && to <= j.to {
			return true
		}
		if !j.begun && from <= j.to && j.from <= to {
			j.from, j.to = min(j.from, from), max(j.to, to)
			return true
		}
	}
	if m.count.Load() >= int64(m.store.cfg.MaxMends) {
		return false
	}
	m.mends[q] = append(m.mends[q], &mend{store: m.store, queue: q, from: from, to: to, reason: reason})
	m.count.Add(1)
	select {
	case m.signal <- struct{}{}:
	default:
	}
	return true
}

// usable is how many of the count units from from on may be used. Error: *MendingError where not even the first may.
func (m *mender) usable(q *consumequeue.Queue, from consumequeue.Offset, count int) (int, error) {
	if m.count.Load() == 0 || count == 0 {
		return count, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, j := range m.mends[q] {
		if from >= j.from && from < j.to {
			return 0, &MendingError{q.Topic(), q.ID(), int64(j.from), int64(j.to)}
		}
		if from < j.from {
			count = int(min(consumequeue.Offset(count), j.from-from))
		}
	}
	return count, nil
}

// damaged has the units mended that a *consumequeue.DamageError names, and returns a *MendingError for it. Any other
// error is returned as it is.
func (s *Store) damaged(err error) error {
	var found *consumequeue.DamageError
	if errors.As(err, &found) && s.mender.add(found.Queue, found.From, found.To, found) {
		return &MendingError{found.Queue.Topic(), found.Queue.ID(), int64(found.From), int64(found.To)}
	}
	return err
}

// mendUnit has unit number at mended. It returns a *MendingError, or why not.
func (s *Store) mendUnit(q *consumequeue.Queue, at consumequeue.Offset, reason error) error {
	return s.damaged(q.Damaged(at, reason))
}

// mendIfWrong is mendUnit for a unit that is not what the log calls for; nil where it is, or stands for a message that is
// gone. record is for what is read and may grow.
func (s *Store) mendIfWrong(q *consumequeue.Queue, at consumequeue.Offset, u consumequeue.Unit, record *[]byte) error {
	if u.Blank() {
		return nil
	}
	found, why := s.judge(q, at, u, record)
	if found == wrong || found == expired && s.expiry.followed() {
		return s.mendUnit(q, at, why)
	}
	return nil
}

// mendQueueFiles has those files of the queue made again that are missing or have not their length; reason says that there
// are some. The queue's minimum and maximum are right.
func (s *Store) mendQueueFiles(q *consumequeue.Queue, reason error) {
	low, high := q.Min(), q.Written()
	broken, err := q.Broken(low, high)
	for _, start := range broken {
		from := consumequeue.Offset(start / consumequeue.UnitBytes)
		if !s.mender.add(q, max(low, from), min(high, from+q.UnitsPerFile()), reason) {
			err = errTooMuch
		}
	}
	if err != nil {
		s.logger.Error("a consume queue has to be found damaged again", "topic", q.Topic(), "queue_id", q.ID(), "error", err)
	}
}

var errTooMuch = errors.New("too much is to be mended")

// setRange is for a mend that has begun.
func (m *mender) setRange(j *mend, from, to consumequeue.Offset) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j.from, j.to = from, to
}
