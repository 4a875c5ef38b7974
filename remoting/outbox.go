package remoting

import (
	"errors"
	"io"
	"sync"
)

// ErrClosed is what a send on a closed connection gives.
var ErrClosed = errors.New("connection is closed")

// ErrSlowReader is what a send gives when the peer has left Limits.OutBytes
// unread.
var ErrSlowReader = errors.New("peer does not read: its unsent bytes passed the bound")

// outbox gathers what many goroutines send and lets one goroutine write it, so
// that what is sent at the same moment leaves in one write.
type outbox struct {
	limit int

	mu      sync.Mutex // guards all below; never held across a write to the connection
	wake    sync.Cond  // the writer waits for pending, back-pressure waits for room
	pending []byte
	spare   []byte
	writing bool
	failed  error

	sent, written int64 // bytes ever committed and ever written
}

func newOutbox(limit int) *outbox {
	o := &outbox{limit: limit}
	o.wake.L = &o.mu
	return o
}

// begin locks the outbox and lends the bytes to append to; commit gives them
// back and unlocks.
func (o *outbox) begin() ([]byte, error) {
	o.mu.Lock()
	if o.failed == nil && len(o.pending) > o.limit {
		o.fail(ErrSlowReader)
	}
	if o.failed != nil {
		o.mu.Unlock()
		return nil, o.failed
	}
	return o.pending, nil
}

// beginBelow is begin once no more than bytes are unsent.
func (o *outbox) beginBelow(bytes int) ([]byte, error) {
	o.mu.Lock()
	for len(o.pending) > bytes && o.failed == nil {
		o.wake.Wait()
	}
	if o.failed != nil {
		o.mu.Unlock()
		return nil, o.failed
	}
	return o.pending, nil
}

func (o *outbox) commit(pending []byte) {
	first := len(o.pending) == 0 && !o.writing
	o.sent += int64(len(pending) - len(o.pending))
	o.pending = pending
	if first {
		o.wake.Broadcast()
	}
	o.mu.Unlock()
}

// fail ends the outbox with a reason; mu is held.
func (o *outbox) fail(err error) {
	if o.failed == nil {
		o.failed = err
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
		o.writing = false
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
