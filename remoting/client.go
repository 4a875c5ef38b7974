package remoting

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// DialFunc opens a connection to an address: TCP, or a network in memory.
type DialFunc func(ctx context.Context, addr string) (net.Conn, error)

// DialTCP is the DialFunc of the real network.
func DialTCP(ctx context.Context, addr string) (net.Conn, error) {
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", addr)
	if err == nil {
		noticeVanished(raw)
	}
	return raw, err
}

// Client is one connection to one server. It does not dial again: who owns it
// does, when Done is closed.
type Client struct {
	conn     *Conn
	endpoint *Endpoint
	running  sync.WaitGroup
	done     chan struct{}
	err      error // why it ended; written before done is closed
}

// Dial connects to addr. What the server asks goes to handle; nil answers
// nothing.
func Dial(ctx context.Context, dial DialFunc, addr string, limits Limits, handle Handler) (*Client, error) {
	raw, err := dial(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", addr, err)
	}
	if handle == nil {
		handle = func(_ *Command, to Responder) { to.Drop() }
	}
	c := &Client{conn: NewConn(raw, limits), done: make(chan struct{})}
	c.endpoint = NewEndpoint(c.conn, handle, nil)
	c.running.Go(c.serve)
	return c, nil
}

func (c *Client) serve() {
	c.err = c.conn.Serve(c.endpoint.Frame)
	c.endpoint.channel.Fail(fmt.Errorf("connection to %s: %w", c.conn.raw.RemoteAddr(), c.err))
	c.endpoint.Closed()
	close(c.done)
}

// Invoke sends r and waits for its answer until ctx ends.
func (c *Client) Invoke(ctx context.Context, r *Request) (*Command, error) {
	return c.endpoint.channel.Invoke(ctx, r)
}

// InvokeAsync sends r and tells done once what became of it; see
// Channel.InvokeAsync.
func (c *Client) InvokeAsync(r *Request, bound time.Duration, done func(answer *Command, err error)) error {
	return c.endpoint.channel.InvokeAsync(r, bound, done)
}

// Oneway sends r and waits for nothing.
func (c *Client) Oneway(r *Request) error { return c.endpoint.channel.Oneway(r) }

// Conn is the connection below, for its addresses.
func (c *Client) Conn() *Conn { return c.conn }

// Done is closed when the connection has ended.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err is why the connection ended, once Done is closed.
func (c *Client) Err() error { return c.err }

// Close ends the connection and returns when its goroutines have.
func (c *Client) Close() {
	c.conn.Close(ErrClosed)
	c.running.Wait()
}
