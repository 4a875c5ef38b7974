package storenode

import (
	"fmt"
	"net"
	"sync"
)

// haListener is where slaves are served; nil where the node listens at no port of
// its own and was given none for them.
func (c Config) haListener() net.Listener {
	switch {
	case c.HAListener != nil:
		return c.HAListener
	case c.Listener != nil:
		return nil
	}
	return &patientListener{address: c.listenAddress(c.haListenPort())}
}

// patientListener listens when it can: a port that somebody else has costs
// slaves, and no client.
type patientListener struct {
	address string

	mu     sync.Mutex // guards the rest
	bound  net.Listener
	closed bool
}

func (l *patientListener) listen() (net.Listener, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, net.ErrClosed
	}
	if l.bound == nil {
		bound, err := net.Listen("tcp", l.address)
		if err != nil {
			return nil, fmt.Errorf("haListenPort, listenPort+1 unless it is set: %w; let the listenPorts of one host differ by three or more", err)
		}
		l.bound = bound
	}
	return l.bound, nil
}

// Accept implements net.Listener.
func (l *patientListener) Accept() (net.Conn, error) {
	bound, err := l.listen()
	if err != nil {
		return nil, err
	}
	return bound.Accept()
}

// Close implements net.Listener.
func (l *patientListener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.bound == nil {
		return nil
	}
	return l.bound.Close()
}

// Addr implements net.Listener.
func (l *patientListener) Addr() net.Addr {
	addr, err := net.ResolveTCPAddr("tcp", l.address)
	if err != nil {
		return &net.TCPAddr{}
	}
	return addr
}
