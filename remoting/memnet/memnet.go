// Package memnet is a network in memory: named listeners and buffered, ordered
// connections with deadlines. Standalone carries proxy and node over it, with
// the same code that TCP has, and tests use it under testing/synctest, which
// cannot wait on sockets.
//
// It loses and delays nothing; faults are added in remoting/remotingtest.
package memnet

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// Network holds named listeners. Its zero value is empty and ready.
type Network struct {
	mu        sync.Mutex // guards listeners
	listeners map[string]*listener
}

// Addr is the name of an end.
type Addr string

func (a Addr) Network() string { return "mem" }
func (a Addr) String() string  { return string(a) }

// Listen takes a name; it is an error while another listener has it.
func (n *Network) Listen(name string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners == nil {
		n.listeners = map[string]*listener{}
	}
	if n.listeners[name] != nil {
		return nil, fmt.Errorf("listen on %s: name is taken", name)
	}
	l := &listener{network: n, name: name, queue: make(chan net.Conn), closed: make(chan struct{})}
	n.listeners[name] = l
	return l, nil
}

// Dial connects to a name; a name nobody listens on refuses at once. It is a
// remoting.DialFunc.
func (n *Network) Dial(ctx context.Context, name string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[name]
	n.mu.Unlock()
	if l == nil {
		return nil, fmt.Errorf("dial %s: connection refused", name)
	}
	near, far := Pipe(Addr("client of "+name), Addr(name))
	select {
	case l.queue <- far:
		return near, nil
	case <-l.closed:
		return nil, fmt.Errorf("dial %s: connection refused", name)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

type listener struct {
	network *Network
	name    string
	queue   chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		l.network.mu.Lock()
		defer l.network.mu.Unlock()
		delete(l.network.listeners, l.name)
		close(l.closed)
	})
	return nil
}

func (l *listener) Addr() net.Addr { return Addr(l.name) }
