package longpoll

import (
	"sync"
	"sync/atomic"
)

// task is one pull to be resumed.
type task struct {
	entry *entry
	why   Reason
}

// workers call Resume in the order of their tasks. Their queue is bounded by who adds to it: a pull counts as held
// until a worker has taken it.
type workers struct {
	held *atomic.Int64
	done sync.WaitGroup

	mu     sync.Mutex // guards the rest
	some   sync.Cond
	tasks  []task
	closed bool
}

func startWorkers(n int, held *atomic.Int64) *workers {
	w := &workers{held: held}
	w.some.L = &w.mu
	for range max(n, 1) {
		w.done.Go(w.run)
	}
	return w
}

func (w *workers) add(t task) {
	w.mu.Lock()
	w.tasks = append(w.tasks, t)
	w.mu.Unlock()
	w.some.Signal()
}

// close returns when all tasks are done.
func (w *workers) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.some.Broadcast()
	w.done.Wait()
}

func (w *workers) run() {
	for {
		t, ok := w.next()
		if !ok {
			return
		}
		w.held.Add(-1)
		t.entry.Resume(t.why)
	}
}

// next waits for a task; false when there are none and there will be none.
func (w *workers) next() (task, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.tasks) == 0 {
		if w.closed {
			w.tasks = nil
			return task{}, false
		}
		w.some.Wait()
	}
	t := w.tasks[0]
	w.tasks[0] = task{}
	w.tasks = w.tasks[1:]
	return t, true
}
