package remotingtest

import (
	"context"
	"net"
	"sync"
	"time"

	"gantry/remoting"
)

// Faults is a network that fails on demand: what it dials and accepts obeys its
// switches. Its zero value with a Below is faultless.
type Faults struct {
	Below remoting.DialFunc // the network itself

	mu       sync.Mutex // guards all below
	conns    map[*faulty]struct{}
	delay    time.Duration
	bytewise bool
	cutAfter int // bytes that may still be written; negative or zero: no bound
}

// Dial connects through the faults; it is a remoting.DialFunc.
func (f *Faults) Dial(ctx context.Context, addr string) (net.Conn, error) {
	raw, err := f.Below(ctx, addr)
	if err != nil {
		return nil, err
	}
	return f.Wrap(raw), nil
}

// Wrap puts a connection under the faults.
func (f *Faults) Wrap(raw net.Conn) net.Conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := &faulty{Conn: raw, faults: f}
	if f.conns == nil {
		f.conns = map[*faulty]struct{}{}
	}
	f.conns[c] = struct{}{}
	return c
}

// Delay makes each write wait first.
func (f *Faults) Delay(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.delay = d
}

// SplitWrites lets every byte travel in a write of its own.
func (f *Faults) SplitWrites() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bytewise = true
}

// CutAfter closes the connection that writes the byte behind the next n.
func (f *Faults) CutAfter(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cutAfter = n + 1
}

// Cut closes every connection at once, as a broken cable whose end is noticed.
func (f *Faults) Cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		c.Conn.Close()
	}
	clear(f.conns)
}

type faulty struct {
	net.Conn
	faults *Faults
}

func (c *faulty) Write(p []byte) (written int, err error) {
	delay, step := c.faults.switches(len(p))
	time.Sleep(delay)
	for written < len(p) && err == nil {
		var n int
		allowed, cut := c.faults.allow(min(step, len(p)-written))
		n, err = c.Conn.Write(p[written : written+allowed])
		written += n
		if cut {
			c.Close()
			return written, net.ErrClosed
		}
	}
	return written, err
}

func (c *faulty) Close() error {
	c.faults.forget(c)
	return c.Conn.Close()
}

func (f *Faults) switches(whole int) (delay time.Duration, step int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bytewise {
		return f.delay, 1
	}
	return f.delay, whole
}

// allow tells how many of n bytes may leave, and whether the cut comes then.
func (f *Faults) allow(n int) (allowed int, cut bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cutAfter <= 0 {
		return n, false
	}
	if n < f.cutAfter {
		f.cutAfter -= n
		return n, false
	}
	allowed, f.cutAfter = f.cutAfter-1, 0
	return allowed, true
}

func (f *Faults) forget(c *faulty) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, c)
}
