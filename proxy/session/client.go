// Package session holds the clients of a proxy: each connection that came to a
// shard's port, and its virtual channel to the shard's node. Requests go in,
// answers and the node's own questions come back, byte for byte.
//
// It decodes no more of a frame than code, opaque and flag, and with
// routeMode=shared what tells the shard; it keeps nothing that matters: a
// client's groups, locks and offsets are the node's.
package session

import (
	"net/netip"

	"gantry/proxy/upstream"
	"gantry/remoting"
)

// Client is one connection of a client to a shard's port. It is the connection's
// FrameHandler.
type Client struct {
	conn     *remoting.Conn
	session  *upstream.Session // nil where there was no room for one, which has closed conn
	share    *upstream.Share
	policyOf func(code int32) upstream.Policy
}

// Open makes conn a client of node; policyOf is the table of requests.
func Open(conn *remoting.Conn, node *upstream.Node, policyOf func(code int32) upstream.Policy) *Client {
	c := &Client{conn: conn, policyOf: policyOf, share: node.Budget().Share()}
	var err error
	if c.session, err = node.Session(c, upstream.Options{}); err != nil {
		conn.Close(err)
	}
	return c
}

// Frame implements remoting.FrameHandler.
func (c *Client) Frame(_, frame []byte) error {
	sum, err := remoting.Summarize(frame)
	if err != nil {
		return err
	}
	if sum.IsResponse() {
		c.session.Answer(frame)
		return nil
	}
	c.session.Request(sum, c.policyOf(sum.Code), frame)
	return nil
}

// Closed implements remoting.FrameHandler.
func (c *Client) Closed() {
	if c.session != nil {
		c.session.Close()
	}
}

// Deliver implements upstream.Client. Where the client does not read, its
// connection ends; nobody else waits for it.
func (c *Client) Deliver(frame []byte) { c.conn.Send(frame) }

// Ask implements upstream.Client.
func (c *Client) Ask(frame []byte) { c.conn.Send(frame) }

// Share implements upstream.Client.
func (c *Client) Share() *upstream.Share { return c.share }

// Addresses implements upstream.Client.
func (c *Client) Addresses() (remote, local netip.AddrPort) {
	return c.conn.RemoteAddr(), c.conn.LocalAddr()
}
