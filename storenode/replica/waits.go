package replica

import (
	"sync"
	"time"

	"gantry/storenode/commitlog"
)

// Outcome is what became of waiting for a slave.
type Outcome int

const (
	Copied       Outcome = iota // a slave has the records
	NoSlave                     // none is connected, or all are too far behind: nothing was waited for
	SlaveTooSlow                // none had them in time
)

// Wait is one who waits until a slave has the log up to End.
type Wait struct {
	End   commitlog.Offset
	Bytes int       // it holds on to
	Due   time.Time // it waits no longer
	// Done is called once, from Master.Wait, a connection or the clock. It must not block.
	Done func(Outcome)
}

// waits is the line of those who wait for a slave, in the order in which they
// came, which is the log's but for few: who comes behind one with a later End
// waits as long as that one. Dues never decrease towards the back: who comes
// with an earlier one than those in front of it lowers theirs.
type waits struct {
	mostCount int
	mostBytes int64
	wake      chan struct{} // somebody waits while the clock sleeps
	stop      chan struct{}
	clock     sync.WaitGroup

	mu    sync.Mutex // guards the rest; never held while Done is called
	line  []*Wait
	bytes int64
	have  commitlog.Offset // some slave has the log up to here
	armed bool             // the clock will look at the line without being woken
}

func (t *waits) start(mostCount int, mostBytes int64) {
	t.mostCount, t.mostBytes = mostCount, mostBytes
	t.wake, t.stop = make(chan struct{}, 1), make(chan struct{})
	t.clock.Go(t.run)
}

// add puts w in line, or tells it at once what there is to tell.
func (t *waits) add(w *Wait) {
	if outcome, decided := t.enter(w); decided {
		w.Done(outcome)
	}
}

func (t *waits) enter(w *Wait) (outcome Outcome, decided bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w.End <= t.have {
		return Copied, true
	}
	if t.fullLocked() || !w.Due.After(time.Now()) {
		return SlaveTooSlow, true
	}
	if last := len(t.line) - 1; last >= 0 {
		w.End = max(w.End, t.line[last].End)
	}
	for i := len(t.line) - 1; i >= 0 && t.line[i].Due.After(w.Due); i-- {
		t.line[i].Due = w.Due
	}
	t.line = append(t.line, w)
	t.bytes += int64(w.Bytes)
	if !t.armed {
		t.armed = true
		t.wake <- struct{}{} // has room: who sent before was heard before armed went
	}
	return 0, false
}

// full says that nobody more may wait.
func (t *waits) full() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.fullLocked()
}

func (t *waits) fullLocked() bool { return len(t.line) >= t.mostCount || t.bytes >= t.mostBytes }

func (t *waits) empty() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.line) == 0
}

// reached answers those that a slave has everything of.
func (t *waits) reached(end commitlog.Offset) {
	t.mu.Lock()
	t.have = max(t.have, end)
	answered := t.popLocked(func(w *Wait) bool { return w.End <= t.have })
	t.mu.Unlock()
	finish(answered, Copied)
}

// popLocked takes those from the front that may go.
func (t *waits) popLocked(may func(*Wait) bool) []*Wait {
	n := 0
	for n < len(t.line) && may(t.line[n]) {
		t.bytes -= int64(t.line[n].Bytes)
		n++
	}
	gone := t.line[:n:n]
	if t.line = t.line[n:]; len(t.line) == 0 {
		t.line = nil
	}
	return gone
}

func finish(line []*Wait, outcome Outcome) {
	for i, w := range line {
		line[i] = nil // the array lives on behind those that still wait
		w.Done(outcome)
	}
}

// run answers who has waited too long, until close.
func (t *waits) run() {
	for {
		select {
		case <-t.wake:
		case <-t.stop:
			return
		}
		for next := t.answerDue(); next > 0; next = t.answerDue() {
			select {
			case <-time.After(next):
			case <-t.stop:
				return
			}
		}
	}
}

// answerDue answers those that are due; it returns when the next one is, 0 where
// nobody waits.
func (t *waits) answerDue() (next time.Duration) {
	t.mu.Lock()
	now := time.Now()
	late := t.popLocked(func(w *Wait) bool { return !w.Due.After(now) })
	if len(t.line) > 0 {
		next = t.line[0].Due.Sub(now)
	} else {
		t.armed = false
	}
	t.mu.Unlock()
	finish(late, SlaveTooSlow)
	return next
}

// close ends the clock and answers who still waits.
func (t *waits) close() {
	close(t.stop)
	t.clock.Wait()
	t.mu.Lock()
	left := t.popLocked(func(*Wait) bool { return true })
	t.mostCount = 0
	t.mu.Unlock()
	finish(left, SlaveTooSlow)
}
