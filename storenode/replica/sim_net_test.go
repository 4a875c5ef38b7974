package replica

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"gantry/remoting/memnet"
)

// simNet is a network in memory whose connections are slow, and are cut and
// refused when the simulation says so.
type simNet struct {
	below memnet.Network

	mu      sync.Mutex // guards the rest
	random  *rand.Rand
	conns   map[*simConn]bool
	refused bool
	stall   time.Time // until then nothing is written
	latency time.Duration
	cutIn   int // bytes, behind which the connection that writes them ends; 0: none does
}

func newSimNet(random *rand.Rand) *simNet {
	return &simNet{random: random, conns: map[*simConn]bool{}, latency: time.Millisecond}
}

func (n *simNet) dial(ctx context.Context, name string) (net.Conn, error) {
	n.mu.Lock()
	refused := n.refused
	n.mu.Unlock()
	if refused {
		return nil, errors.New("the network is parted")
	}
	raw, err := n.below.Dial(ctx, name)
	if err != nil {
		return nil, err
	}
	return n.wrap(raw), nil
}

func (n *simNet) wrap(raw net.Conn) net.Conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := &simConn{Conn: raw, net: n}
	n.conns[c] = true
	return c
}

// part cuts what there is, and refuses what comes until heal.
func (n *simNet) part() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refused = true
	for c := range n.conns {
		_ = c.Conn.Close()
	}
	clear(n.conns)
}

func (n *simNet) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refused, n.stall, n.cutIn, n.latency = false, time.Time{}, 0, time.Millisecond
}

func (n *simNet) set(change func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change()
}

type simConn struct {
	net.Conn
	net *simNet
}

// Write implements net.Conn.
func (c *simConn) Write(b []byte) (int, error) {
	wait, cut := c.net.fate(len(b))
	time.Sleep(wait)
	if cut < 0 {
		return c.Conn.Write(b)
	}
	n, _ := c.Conn.Write(b[:cut])
	_ = c.Conn.Close()
	return n, net.ErrClosed
}

// fate is how long a write takes, and behind how many bytes the connection ends;
// below 0 where it does not.
func (n *simNet) fate(bytes int) (wait time.Duration, cut int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	wait = time.Duration(n.random.Int64N(int64(n.latency)))
	if until := time.Until(n.stall); until > wait {
		wait = until
	}
	if n.cutIn == 0 {
		return wait, -1
	}
	if n.cutIn > bytes {
		n.cutIn -= bytes
		return wait, -1
	}
	cut, n.cutIn = n.cutIn-1, 0
	return wait, cut
}

// simListener wraps what is accepted, so that both directions are slow.
type simListener struct {
	net.Listener
	net *simNet
}

// Accept implements net.Listener.
func (l simListener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.net.wrap(raw), nil
}
