package store

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gantry/storenode/commitlog"
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

// mendQueueFiles has all units of the queue made again that should be in files; files that are missing or have not their
// length are made anew. The queue's minimum and maximum are right.
func (s *Store) mendQueueFiles(q *consumequeue.Queue, reason error) {
	if !s.mender.add(q, q.Min(), q.Written(), reason) {
		s.logger.Error("too much is to be mended, a consume queue has to be found damaged again", "topic", q.Topic(), "queue_id", q.ID())
	}
}

// maxMendPause is the longest time between two tries to mend.
const maxMendPause = time.Minute

// run ends when the store stops.
func (m *mender) run() {
	for {
		select {
		case <-m.store.stop:
			return
		case <-m.signal:
		}
		for pause := retryPause; m.round() && m.store.running(); pause = min(2*pause, maxMendPause) {
			m.store.rest(time.Now().Add(pause))
		}
	}
}

// running says that the store does not stop.
func (s *Store) running() bool {
	select {
	case <-s.stop:
		return false
	default:
		return true
	}
}

// round mends what is known now; again says that some of it has to be tried again.
func (m *mender) round() (again bool) {
	mends := m.begin()
	for _, p := range passes(mends) {
		err := p.run(m)
		for _, j := range p.mends {
			j.err = errors.Join(j.err, err)
		}
	}
	return m.end(mends)
}

// shownMends is how many mends of one round are written to the log one by one.
const shownMends = 50

// begin prepares all mends, those too that come meanwhile, and returns those there is something to do for.
func (m *mender) begin() []*mend {
	work := []*mend{}
	for m.store.running() {
		var fresh []*mend
		m.each(func(j *mend) {
			if !j.begun {
				fresh = append(fresh, j)
			}
			j.begun = true
		})
		if len(fresh) == 0 {
			break
		}
		for _, j := range fresh {
			if m.prepare(j); j.err == nil && j.from == j.to {
				m.remove(j)
				continue
			}
			if work = append(work, j); j.err == nil && !j.failing && len(work) <= shownMends {
				j.show()
			}
		}
	}
	if more := len(work) - shownMends; more > 0 {
		m.store.logger.Error("more consume queues are damaged and made again from the commit log", "count", more)
	}
	return work
}

// each calls do for every mend; it must not block.
func (m *mender) each(do func(*mend)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, mends := range m.mends {
		for _, j := range mends {
			do(j)
		}
	}
}

// end finishes what has worked. What has not stays, and with it the refusal to serve its units.
func (m *mender) end(mends []*mend) (again bool) {
	m.seal(mends)
	shown := 0
	for _, j := range mends {
		if j.err == nil || errors.Is(j.err, consumequeue.ErrReset) {
			m.remove(j)
			if shown++; shown <= shownMends {
				m.store.logger.Info("consume queue mended", "topic", j.queue.Topic(), "queue_id", j.queue.ID(),
					"from", int64(j.from), "to", int64(j.to), "units", j.found, "messages_gone", int64(j.to-j.from)-int64(j.found))
			}
			continue
		}
		if again = true; !j.failing && m.store.running() {
			m.store.logger.Error("consume queue cannot be mended, it is tried again", "topic", j.queue.Topic(), "queue_id", j.queue.ID(), "error", j.err)
		}
		j.failing, j.units = true, nil
	}
	m.buffered = 0
	m.each(func(j *mend) { j.begun = false })
	return again
}

// seal gives files that were made anew their length. If that fails they stay as they are: they can be read, and the next
// start sees that they are not whole.
func (m *mender) seal(mends []*mend) {
	var files []consumequeue.Remade
	for _, j := range mends {
		for _, start := range j.files {
			if j.err == nil {
				files = append(files, consumequeue.Remade{Queue: j.queue, Start: start})
			}
		}
	}
	if len(files) == 0 {
		return
	}
	if err := m.store.queues.Seal(files); err != nil {
		m.store.logger.Error("mended consume queue files cannot be made durable", "files", len(files), "error", err)
	}
}

func (m *mender) remove(j *mend) {
	m.mu.Lock()
	defer m.mu.Unlock()
	mends := m.mends[j.queue]
	for i := range mends {
		if mends[i] == j {
			mends = append(mends[:i:i], mends[i+1:]...)
			break
		}
	}
	if m.mends[j.queue] = mends; len(mends) == 0 {
		delete(m.mends, j.queue)
	}
	m.count.Add(-1)
}

// setRange is for a mend that has begun.
func (m *mender) setRange(j *mend, from, to consumequeue.Offset) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j.from, j.to = from, to
}

// mend is a run of units that are made again.
type mend struct {
	store    *Store
	queue    *consumequeue.Queue
	from, to consumequeue.Offset // guarded by mender.mu; written by its goroutine once the mend has begun
	begun    bool                // guarded by mender.mu; false again between two tries
	reason   error
	failing  bool  // it was tried before and has failed
	err      error // of this round

	generation int
	files      []int64 // that are made anew, by byte offset
	scanFrom   commitlog.Offset
	scanTo     commitlog.Offset
	closed     bool // behind the range stands a unit that leads to its message
	passed     bool // a record was met that belongs behind the range
	next       consumequeue.Offset
	units      []byte // of the ordinals before next, not written yet
	found      int    // units that lead to a message
}

// show names what was found, where, and what stands there.
func (j *mend) show() {
	file, offset := j.queue.Place(j.from)
	u, _, err := j.queue.Unit(j.from)
	attrs := []any{"topic", j.queue.Topic(), "queue_id", j.queue.ID(), "file", file, "offset", offset, "from", int64(j.from), "to", int64(j.to), "error", j.reason}
	if err == nil {
		attrs = append(attrs, "physical_offset", int64(u.Physical), "size", u.Size, "tags_code", u.TagsCode)
	}
	j.store.logger.Error("consume queue is damaged and made again from the commit log", attrs...)
}
