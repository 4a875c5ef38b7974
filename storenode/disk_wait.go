package storenode

import (
	"sync"
	"time"
)

// diskWaits is the line of requests whose records are written and whose answers
// wait for the disk (flushDiskType=SYNC_FLUSH). Those that wait for longer than
// bound are answered late, that is before the disk has told: clients from 4.9 on
// close the connection that an answer is overdue on, and with it everything else
// under way there.
type diskWaits struct {
	bound time.Duration
	wake  chan struct{} // somebody waits while the clock sleeps
	stop  chan struct{}
	clock sync.WaitGroup

	mu          sync.Mutex // guards the rest, and every diskWait; held while one is answered late
	first, last *diskWait  // in order of due
	armed       bool       // the clock will look at the line without being woken
}

// diskWait is a request's place in line.
type diskWait struct {
	late           func() // answers the request without the disk; must not block
	began          bool
	answered       bool // late
	since, due     time.Time
	previous, next *diskWait
}

func startDiskWaits(bound time.Duration) *diskWaits {
	t := &diskWaits{bound: bound, wake: make(chan struct{}, 1), stop: make(chan struct{})}
	t.clock.Go(t.run)
	return t
}

// begin puts a request in line: its records are written.
func (t *diskWaits) begin(w *diskWait) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w.began, w.answered, w.since = true, false, time.Now()
	w.due = w.since.Add(t.bound)
	if w.previous = t.last; t.last == nil {
		t.first = w
	} else {
		t.last.next = w
	}
	t.last = w
	if !t.armed {
		t.armed = true
		t.wake <- struct{}{} // has room: who sent before was heard before armed went
	}
}

// end takes a request out of line, as its records are on the disk or cannot be.
// It reports whether the request was answered late.
func (t *diskWaits) end(w *diskWait) (late bool) {
	if !w.began {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !w.answered {
		t.remove(w)
	}
	late = w.answered
	w.began, w.answered = false, false
	return late
}

func (t *diskWaits) remove(w *diskWait) {
	if w.previous == nil {
		t.first = w.next
	} else {
		w.previous.next = w.next
	}
	if w.next == nil {
		t.last = w.previous
	} else {
		w.next.previous = w.previous
	}
	w.previous, w.next = nil, nil
}

// run answers who waits too long, until close.
func (t *diskWaits) run() {
	for {
		select {
		case <-t.wake:
		case <-t.stop:
			return
		}
		for next := t.bound; next > 0; next = t.answerLate() {
			select {
			case <-time.After(next):
			case <-t.stop:
				return
			}
		}
	}
}

// answerLate answers those that are due; it returns when the next one is, 0 where
// nobody waits.
func (t *diskWaits) answerLate() (next time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for t.first != nil && !t.first.due.After(now) {
		w := t.first
		t.remove(w)
		w.answered = true
		w.late()
	}
	if t.first == nil {
		t.armed = false
		return 0
	}
	return t.first.due.Sub(now)
}

// close ends the clock; who still waits is answered when the disk has told.
func (t *diskWaits) close() {
	close(t.stop)
	t.clock.Wait()
}
