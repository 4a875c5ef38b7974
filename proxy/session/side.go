package session

import (
	"net/netip"
	"sync/atomic"

	"gantry/proxy/upstream"
	"gantry/remoting"
)

// side is what one node sees of a shared client.
type side struct {
	client  *Shared
	session atomic.Pointer[upstream.Session] // set once the session is open
}

// Deliver implements upstream.Client.
func (s *side) Deliver(frame []byte) { s.client.conn.Send(frame) }

// Ask implements upstream.Client: the client's answer names nobody, so it is
// noted who asked.
func (s *side) Ask(frame []byte) {
	if sum, err := remoting.Summarize(frame); err == nil && !sum.IsOneway() {
		s.client.noteAsked(sum.Opaque, s)
	}
	s.client.conn.Send(frame)
}

func (c *Shared) noteAsked(opaque int32, by *side) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asked) >= askedBound {
		clear(c.asked) // clients that do not answer: who asked has given up long ago
	}
	c.asked[opaque] = by
}

// Addresses implements upstream.Client.
func (s *side) Addresses() (remote, local netip.AddrPort) { return s.client.addresses() }

// Share implements upstream.Client.
func (s *side) Share() *upstream.Share { return s.client.share }
