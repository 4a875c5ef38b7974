// Package repeat answers sends that come again. A proxy whose connection broke
// sends what was under way a second time and marks it; of a marked request the
// first attempt is looked for before anything is appended, and where there is
// one, the request ends as that one did. So no proxy causes a duplicate.
//
// It sees every earlier attempt: the connections that those came over have ended
// (storenode/session), what came over them is in the appender's queue or being
// prepared, which is waited for, and what is written is in the index or in the
// tail of the log behind it. Nothing is kept for it: requests without a mark pay
// nothing, and a restart forgets nothing.
//
// It stands on store and knows no commands and no answers.
package repeat

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/store"
)

// Config is what Requests are decided with. The zero value of a field means its
// default.
type Config struct {
	Store     *store.Store
	SyncFlush bool           // flushDiskType: the answer to a request that waits is given when the disk has its records
	Beside    func(f func()) // runs f soon on a goroutine of its own

	Window time.Duration // how far back a first attempt is looked for, default 60 s: longer than any client waits
	Bound  time.Duration // how long one look-up may take, default 1 s; a request waits for one other at most
	Most   int           // requests that wait, default 10,000
	Bytes  int           // and their records' bytes, default 64 MiB
}

func (c Config) withDefaults() Config {
	if c.Window == 0 {
		c.Window = time.Minute
	}
	if c.Bound == 0 {
		c.Bound = time.Second
	}
	if c.Most == 0 {
		c.Most = 10_000
	}
	if c.Bytes == 0 {
		c.Bytes = 64 << 20
	}
	return c
}

// Request is one marked request. It ends in Append.Done or in Refuse.
type Request struct {
	// Append is what is appended if there was no attempt before. Else it becomes what that one wrote: its records, offsets
	// and time.
	Append *commitlog.Request
	Found  func(first message.Record) // told of an earlier attempt's first record before Done; may be nil
	Refuse func(error)                // *UnknownError, or store.Append's error; must not block
}

// UnknownError says that nobody can tell whether the request was carried out.
type UnknownError struct{ Reason string }

func (e *UnknownError) Error() string {
	return "outcome unknown, the connection of the first attempt was lost: " + e.Reason
}

// Requests decides marked requests, all at once that have gathered. Its methods
// may be called concurrently.
type Requests struct {
	config    Config
	preparing preparing
	running   sync.WaitGroup

	mu      sync.Mutex // guards all below
	filled  sync.Cond
	waiting []*pending
	bytes   int
	closed  bool
}

// pending is a request that waits for its turn.
type pending struct {
	Request
	came time.Time
}

func (p *pending) size() int { return len(p.Append.Records) }

// Start begins to decide requests. Close must follow.
func Start(config Config) *Requests {
	r := &Requests{config: config.withDefaults()}
	r.filled.L = &r.mu
	r.running.Go(r.run)
	return r
}

// Preparing says that an unmarked request, or one that is still to be Put, is
// on its way into the appender's queue elsewhere than on its connection's
// goroutine; done, called once, that it has come there. What is Put after
// Preparing was called is decided after done.
func (r *Requests) Preparing() (done func()) { return r.preparing.begin() }

// Put has a request decided. Its records are encoded. Error: *UnknownError, and
// Refuse is not called.
func (r *Requests) Put(request Request) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	it := &pending{request, time.Now()}
	switch {
	case r.closed:
		return &UnknownError{"the broker is stopping"}
	case len(r.waiting) >= r.config.Most:
		return &UnknownError{fmt.Sprintf("%d requests that were sent again wait already", len(r.waiting))}
	case len(r.waiting) > 0 && r.bytes+it.size() > r.config.Bytes:
		return &UnknownError{fmt.Sprintf("%d bytes of requests that were sent again wait already", r.bytes)}
	}
	r.waiting = append(r.waiting, it)
	r.bytes += it.size()
	r.filled.Signal()
	return nil
}

// Close decides what waits, refuses the rest, and returns when its goroutine has.
func (r *Requests) Close() error {
	r.mu.Lock()
	r.closed = true
	r.filled.Signal()
	r.mu.Unlock()
	r.running.Wait()
	return nil
}

func (r *Requests) run() {
	for {
		batch, ok := r.take()
		if !ok {
			return
		}
		r.putBack(r.decide(batch))
	}
}

// take waits for requests and returns all of them; ok is false once there are
// none and will be none.
func (r *Requests) take() (batch []*pending, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.waiting) == 0 {
		if r.closed {
			return nil, false
		}
		r.filled.Wait()
	}
	batch, r.waiting, r.bytes = r.waiting, nil, 0
	return batch, true
}

// putBack has requests decided before all others.
func (r *Requests) putBack(again []*pending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, it := range again {
		r.bytes += it.size()
	}
	r.waiting = append(again, r.waiting...)
}

// decide ends the requests, but for those of which another attempt was appended
// just now: they are returned.
func (r *Requests) decide(batch []*pending) (again []*pending) {
	look := newLookup(r.config, batch, time.Now().Add(r.config.Bound))
	if err := r.settled(look.deadline); err != nil {
		look.fail(err)
	}
	look.run()
	appended := map[string]bool{}
	var found []*commitlog.Request
	for _, w := range look.wanted {
		switch {
		case w.err != nil:
			w.Refuse(w.err)
		case w.stored != nil:
			w.takeStored()
			found = append(found, w.Append)
		case appended[w.key]:
			again = append(again, w.pending)
		default:
			appended[w.key] = true
			r.append(w.pending)
		}
	}
	r.finish(found)
	return again
}

func (r *Requests) append(it *pending) {
	if err := r.config.Store.Append(it.Append); err != nil {
		it.Refuse(err)
	}
}

var errLate = errors.New("the look-up takes too long")

// settled waits until every earlier attempt is written, or was not.
func (r *Requests) settled(deadline time.Time) error {
	late := time.After(time.Until(deadline))
	for _, prepared := range r.preparing.before() {
		select {
		case <-prepared:
		case <-late:
			return errLate
		}
	}
	written := make(chan struct{})
	if err := r.config.Store.Log().Control(func() { close(written) }); err != nil {
		return err
	}
	select {
	case <-written:
		return nil
	case <-late:
		return errLate
	}
}

// finish ends requests that have found what they would have written; those that
// wait for the disk when it has that.
func (r *Requests) finish(found []*commitlog.Request) {
	var unsynced []*commitlog.Request
	for _, request := range found {
		if r.onDisk(request) {
			request.Done(request)
		} else {
			unsynced = append(unsynced, request)
		}
	}
	if len(unsynced) > 0 {
		r.sync(unsynced)
	}
}

// onDisk says that the answer need not wait for the disk.
func (r *Requests) onDisk(request *commitlog.Request) bool {
	flushed, _ := r.config.Store.Log().Flushed()
	return !r.config.SyncFlush || !request.Wait || flushed >= request.Offset+commitlog.Offset(len(request.Records))
}

func (r *Requests) sync(unsynced []*commitlog.Request) {
	for _, request := range unsynced {
		if request.Written != nil {
			request.Written(request)
		}
	}
	r.config.Beside(func() {
		err := r.config.Store.Log().Sync()
		for _, request := range unsynced {
			request.Err = err
			request.Done(request)
		}
	})
}
