// Package longpoll holds pulls that found no message until one arrives for them or their time is over
// (PullRequestHoldService). It knows no sockets and no messages: a held pull is an offset, a deadline and a function
// to call, and what is told of an arriving message is its queue, its offset, its tags code and the bytes of its properties.
//
// However many pulls are held there are a few goroutines: one for deadlines and re-checks, and the workers that call
// the functions. An arrival in a queue where nobody waits costs a look at one number, or at two maps.
package longpoll

import (
	"container/heap"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// ErrClosed is returned by Hold after Close.
var ErrClosed = errors.New("no pulls are held any more")

// FullError says that a pull is not held because too many are.
type FullError struct {
	Limit    int
	PerQueue bool // the limit is of one queue, else of the table
	Topic    string
	QueueID  int32
}

func (e *FullError) Error() string {
	if e.PerQueue {
		return fmt.Sprintf("queue %d of topic %s already holds %d pulls", e.QueueID, e.Topic, e.Limit)
	}
	return fmt.Sprintf("already %d pulls are held", e.Limit)
}

// Reason says why a pull is resumed.
type Reason int

const (
	Arrived  Reason = iota // a message it may want is there
	TimedOut               // its deadline has come
	Closed                 // the table is closed
)

// Pull is a request to be held.
type Pull struct {
	Topic    string
	QueueID  int32
	Offset   int64 // the queue offset it waits for: the first that it has not seen
	Deadline time.Time
	Owner    any // the channel it came on; comparable
	// Wants says whether a message that arrives may be wanted; nil wants every one. It runs with the table locked: it does
	// not block and does not call the table. The properties are borrowed.
	Wants func(tagsCode int64, properties []byte) bool
	// Resume is called exactly once, unless the pull is dropped, by a worker and without locks. It answers the pull
	// from what is there now and does not wait; a pull that is resumed is not held again.
	Resume func(Reason)
}

// Config bounds and times a Table.
type Config struct {
	MaxHeld         int           // pulls held or being resumed
	MaxHeldPerQueue int           // pulls held for one queue
	RecheckEvery    time.Duration // how often all held pulls are compared with their queues
	RoundsEvery     time.Duration // pulls whose deadlines come within it end together: one wake-up for all, here and at who is answered
	Workers         int           // goroutines that call Resume
	// MaxOffset is the offset behind a queue's last message, 0 where there is no such queue.
	MaxOffset func(topic string, queueID int32) int64
}

// DefaultConfig has Java's interval of re-checks, at which Java looks at deadlines, too.
func DefaultConfig(maxOffset func(topic string, queueID int32) int64) Config {
	return Config{
		MaxHeld: 200_000, MaxHeldPerQueue: 10_000, RecheckEvery: 5 * time.Second, RoundsEvery: 50 * time.Millisecond, Workers: 4, MaxOffset: maxOffset,
	}
}

// Table holds pulls. Its methods may be called concurrently.
type Table struct {
	config  Config
	held    atomic.Int64 // pulls in the table or on their way to a worker
	workers *workers
	wake    chan struct{} // the clock must look at the deadlines again
	stop    chan struct{}
	clock   sync.WaitGroup

	mu        sync.RWMutex // guards the rest; never held while calling out
	closed    bool
	queues    map[string]map[int32]*queue
	owners    map[any]map[*entry]struct{}
	deadlines deadlines
}

// New makes an empty table and starts its goroutines.
func New(config Config) *Table {
	t := &Table{
		config: config, wake: make(chan struct{}, 1), stop: make(chan struct{}),
		queues: map[string]map[int32]*queue{}, owners: map[any]map[*entry]struct{}{},
	}
	t.workers = startWorkers(config.Workers, &t.held)
	t.clock.Go(t.run)
	return t
}

// Hold keeps the pull until it is resumed or dropped. A message that came since the pull looked for one resumes it at
// once. Error: *FullError, ErrClosed; then Resume is never called.
func (t *Table) Hold(p Pull) error {
	e := &entry{Pull: p}
	if err := t.add(e); err != nil {
		return err
	}
	if t.config.MaxOffset(p.Topic, p.QueueID) > p.Offset {
		t.mu.Lock()
		t.resume(e, Arrived)
		t.mu.Unlock()
	}
	return nil
}

func (t *Table) add(e *entry) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queues[e.Topic][e.QueueID]
	switch {
	case t.closed:
		return ErrClosed
	case t.held.Load() >= int64(t.config.MaxHeld):
		return &FullError{Limit: t.config.MaxHeld, Topic: e.Topic, QueueID: e.QueueID}
	case q != nil && len(q.entries) >= t.config.MaxHeldPerQueue:
		return &FullError{Limit: t.config.MaxHeldPerQueue, PerQueue: true, Topic: e.Topic, QueueID: e.QueueID}
	case q == nil:
		q = t.newQueue(e.Topic, e.QueueID)
	}
	e.at = len(q.entries)
	q.entries = append(q.entries, e)
	if t.owners[e.Owner] == nil {
		t.owners[e.Owner] = map[*entry]struct{}{}
	}
	t.owners[e.Owner][e] = struct{}{}
	heap.Push(&t.deadlines, e)
	t.held.Add(1)
	if e.deadlineAt == 0 { // the first to end, or the only one
		t.wakeClock()
	}
	return nil
}

func (t *Table) newQueue(topic string, queueID int32) *queue {
	if t.queues[topic] == nil {
		t.queues[topic] = map[int32]*queue{}
	}
	q := &queue{}
	t.queues[topic][queueID] = q
	return q
}

// Arrive tells of a message that can be read now: maxOffset is the queue's, behind the message. The pulls that wait
// for it and may want it are handed to the workers. It allocates nothing where nobody waits.
func (t *Table) Arrive(topic []byte, queueID int32, maxOffset, tagsCode int64, properties []byte) {
	if t.held.Load() == 0 {
		return
	}
	t.mu.RLock()
	waiting := t.queues[string(topic)][queueID] != nil
	t.mu.RUnlock()
	if !waiting {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.resumeAll(t.queues[string(topic)][queueID], func(e *entry) bool {
		return e.Offset < maxOffset && (e.Wants == nil || e.Wants(tagsCode, properties))
	})
}

// resumeAll resumes those of a queue's pulls that are ready, as Arrived. The caller has locked mu.
func (t *Table) resumeAll(q *queue, ready func(*entry) bool) {
	if q == nil {
		return
	}
	for i := len(q.entries) - 1; i >= 0; i-- { // from behind: remove moves the last into the gap
		if e := q.entries[i]; ready(e) {
			t.resume(e, Arrived)
		}
	}
}

// Drop forgets the owner's pulls without answer, as its channel is closed, and says how many there were.
func (t *Table) Drop(owner any) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	dropped := 0
	for e := range t.owners[owner] {
		t.remove(e)
		t.held.Add(-1)
		dropped++
	}
	return dropped
}

// Len is how many pulls are held or being resumed.
func (t *Table) Len() int { return int(t.held.Load()) }

// Close resumes all pulls as Closed and returns when the workers have done so.
func (t *Table) Close() {
	t.mu.Lock()
	if !t.closed {
		t.closed = true
		close(t.stop)
	}
	for len(t.deadlines) > 0 {
		t.resume(t.deadlines[0], Closed)
	}
	t.mu.Unlock()
	t.clock.Wait()
	t.workers.close()
}
