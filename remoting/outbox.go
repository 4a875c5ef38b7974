package remoting

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// ErrClosed is what a send on a closed connection gives.
var ErrClosed = errors.New("connection is closed")

// ErrSlowReader is wrapped by what a send gives when the peer has left too many
// bytes unread: Limits.OutBytes, or its part of Limits.AllOutBytes.
var ErrSlowReader = errors.New("peer does not read")

// ErrUnread is what Conn.BeginHeld gives when the peer leaves too much unread for
// longer than the sender has patience. The connection lives on.
var ErrUnread = errors.New("peer does not read")

// unsent counts the bytes that many connections together have not written yet.
type unsent struct {
	bytes atomic.Int64
	limit int64
}

// overfullBytes is what a connection may leave unsent while all together leave
// more than their limit.
const overfullBytes = 64 << 10

// outbox gathers what many goroutines send and lets one goroutine write it, so
// that what is sent at the same moment leaves in one write.
type outbox struct {
	limit int
	all   *unsent

	mu      sync.Mutex // guards all below; never held across a write to the connection
	wake    sync.Cond  // the writer waits for pending, back-pressure waits for room
	pending []byte
	spare   []byte
	writing bool
	stuck   bool // somebody lost patience, and nothing was written since
	failed  error

	sent, written int64 // bytes ever committed and ever written
}

func newOutbox(limit int, all *unsent) *outbox {
	o := &outbox{limit: limit, all: all}
	o.wake.L = &o.mu
	return o
}

// begin locks the outbox and lends the bytes to append to; commit gives them
// back and unlocks.
func (o *outbox) begin() ([]byte, error) {
	o.mu.Lock()
	if o.failed == nil {
		o.fail(o.overfull())
	}
	if o.failed != nil {
		o.mu.Unlock()
		return nil, o.failed
	}
	return o.pending, nil
}

// overfull is why nothing more is taken, nil while it is.
func (o *outbox) overfull() error {
	if len(o.pending) > o.limit {
		return fmt.Errorf("%w: more than %d bytes wait for it", ErrSlowReader, o.limit)
	}
	if len(o.pending) > overfullBytes && o.all.bytes.Load() > o.all.limit {
		return fmt.Errorf("%w: more than %d bytes wait for all connections together, %d for this one",
			ErrSlowReader, o.all.limit, len(o.pending))
	}
	return nil
}

// beginBelow is begin once no more than bytes are unsent. It waits for that no
// longer than patience; where somebody has waited in vain and nothing was
// written since, not at all.
func (o *outbox) beginBelow(bytes int, patience time.Duration) ([]byte, error) {
	o.mu.Lock()
	if len(o.pending) > bytes && o.failed == nil && !o.roomWithin(bytes, patience) {
		o.mu.Unlock()
		return nil, ErrUnread
	}
	if o.failed != nil {
		o.mu.Unlock()
		return nil, o.failed
	}
	return o.pending, nil
}

// roomWithin waits until no more than bytes are unsent, or the outbox failed; mu
// is held.
func (o *outbox) roomWithin(bytes int, patience time.Duration) bool {
	if o.stuck || patience <= 0 {
		return false
	}
	end := time.Now().Add(patience)
	timer := time.AfterFunc(patience, func() {
		o.mu.Lock()
		o.wake.Broadcast()
		o.mu.Unlock()
	})
	defer timer.Stop()
	for len(o.pending) > bytes && o.failed == nil {
		if !time.Now().Before(end) {
			o.stuck = true
			return false
		}
		o.wake.Wait()
	}
	return true
}

func (o *outbox) commit(pending []byte) {
	first := len(o.pending) == 0 && !o.writing
	more := int64(len(pending) - len(o.pending))
	o.sent += more
	o.all.bytes.Add(more)
	o.pending = pending
	if first {
		o.wake.Broadcast()
	}
	o.mu.Unlock()
}

// fail ends the outbox with a reason, if there is one; mu is held.
func (o *outbox) fail(err error) {
	if o.failed == nil && err != nil {
		o.failed = err
		o.all.bytes.Add(o.written - o.sent)
		o.wake.Broadcast()
	}
}

func (o *outbox) close(err error) {
	o.mu.Lock()
	o.fail(err)
	o.mu.Unlock()
}

// waitBelow blocks while more than bytes are unsent: the back-pressure on whose
// requests caused them.
func (o *outbox) waitBelow(bytes int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.pending) > bytes && o.failed == nil {
		o.wake.Wait()
	}
	return o.failed
}

// drain blocks until everything sent so far was written, or the outbox failed.
func (o *outbox) drain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for goal := o.sent; o.written < goal && o.failed == nil; {
		o.wake.Wait()
	}
}

// keepBytes is the largest buffer that an idle connection keeps.
const keepBytes = 256 << 10

// run writes to w until the outbox fails; it returns the reason.
func (o *outbox) run(w io.Writer) error {
	for {
		batch, err := o.take()
		if err != nil {
			return err
		}
		_, err = w.Write(batch)
		o.mu.Lock()
		o.writing, o.stuck = false, false
		if o.failed == nil {
			o.all.bytes.Add(-int64(len(batch)))
		}
		o.written += int64(len(batch))
		if cap(batch) <= keepBytes {
			o.spare = batch[:0]
		}
		if err != nil {
			o.fail(err)
		}
		o.wake.Broadcast()
		o.mu.Unlock()
	}
}

func (o *outbox) take() ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.pending) == 0 && o.failed == nil {
		o.wake.Wait()
	}
	if o.failed != nil {
		return nil, o.failed
	}
	batch := o.pending
	o.pending, o.spare, o.writing = o.spare, nil, true
	return batch, nil
}
