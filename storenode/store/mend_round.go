package store

import (
	"errors"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
)

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
			m.store.rest(time.Now().Add(retryPause))
			m.await(pause - retryPause)
		}
	}
}

// await waits for something new to mend, or for so long.
func (m *mender) await(pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-m.store.stop:
	case <-m.signal:
	case <-timer.C:
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
			if !m.store.running() {
				break
			}
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
