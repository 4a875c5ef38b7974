package client

import (
	"context"
	"sync"
	"sync/atomic"

	"gantry/remoting"
)

// connections are at most one for each address, dialled when first needed and
// again after they broke.
type connections struct {
	dial   remoting.DialFunc
	handle remoting.Handler

	mu     sync.RWMutex // guards what follows; never held across a dial
	byAddr map[string]*connection
	closed bool
}

type connection struct {
	dialling sync.Mutex // held while dialling, so that only one does
	current  atomic.Pointer[remoting.Client]
}

// live is the open connection, or nil.
func (c *connection) live() *remoting.Client {
	link := c.current.Load()
	if link == nil {
		return nil
	}
	select {
	case <-link.Done():
		return nil
	default:
		return link
	}
}

// get returns the connection to addr.
func (cs *connections) get(ctx context.Context, addr string) (*remoting.Client, error) {
	c, err := cs.slot(addr)
	if err != nil {
		return nil, err
	}
	if link := c.live(); link != nil {
		return link, nil
	}
	c.dialling.Lock()
	defer c.dialling.Unlock()
	if link := c.live(); link != nil {
		return link, nil
	}
	link, err := remoting.Dial(ctx, cs.dial, addr, remoting.Limits{}, cs.handle)
	if err != nil {
		return nil, err
	}
	if old := c.current.Swap(link); old != nil {
		old.Close()
	}
	if _, err := cs.slot(addr); err != nil { // closed while we dialled
		link.Close()
		return nil, err
	}
	return link, nil
}

func (cs *connections) slot(addr string) (*connection, error) {
	cs.mu.RLock()
	c, closed := cs.byAddr[addr], cs.closed
	cs.mu.RUnlock()
	if closed {
		return nil, ErrClosed
	}
	if c != nil {
		return c, nil
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.byAddr == nil {
		cs.byAddr = map[string]*connection{}
	}
	if cs.byAddr[addr] == nil {
		cs.byAddr[addr] = new(connection)
	}
	return cs.byAddr[addr], nil
}

// close lets what was sent leave until ctx ends, then ends every connection.
func (cs *connections) close(ctx context.Context) {
	cs.mu.Lock()
	cs.closed = true
	all := cs.byAddr
	cs.mu.Unlock()
	for _, c := range all {
		c.dialling.Lock()
		if link := c.live(); link != nil {
			link.Conn().Flush(ctx)
		}
		if link := c.current.Load(); link != nil {
			link.Close()
		}
		c.dialling.Unlock()
	}
}
