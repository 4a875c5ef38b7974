// Package session gives every peer of a storage node its Channel: a client on a
// connection of its own, or one of the many that share connections behind
// envelopes (design, Sessions between proxy and node). Handlers see no
// difference.
//
// It knows what an envelope says and nothing of who put it there; it reads no
// request beyond the handshake.
package session

import (
	"errors"
	"fmt"
	"log/slog"

	"gantry/remoting"
	"gantry/remoting/envelope"
	"gantry/remoting/protocol"
)

// Config is what peers are served with.
type Config struct {
	ClusterKey string // what a handshake must prove; "" asks for no proof
	InFlight   int    // requests under way per channel, default 65,535
	Sessions   int    // sessions per proxy, default 1,048,576
	Log        *slog.Logger
	Handle     remoting.Handler        // every peer's requests
	Closed     func(*remoting.Channel) // a peer is gone
}

// Peers serves connections as a remoting.Server accepts them.
type Peers struct {
	config  Config
	groups  groups
	refused refusals
}

// New makes the peers of one node.
func New(config Config) *Peers {
	if config.InFlight == 0 {
		config.InFlight = 65535
	}
	if config.Sessions == 0 {
		config.Sessions = 1 << 20
	}
	return &Peers{config: config, groups: groups{all: map[string]*group{}}}
}

// Open makes the handler of a new connection.
func (p *Peers) Open(conn *remoting.Conn) remoting.FrameHandler {
	return &peerConn{peers: p, conn: conn, own: remoting.NewEndpoint(conn, p.config.Handle, p.config.Closed)}
}

// peerConn is one connection: its peer speaks for itself until a handshake, for
// many sessions behind it.
type peerConn struct {
	peers   *Peers
	conn    *remoting.Conn
	own     *remoting.Endpoint
	spoke   bool // for itself
	decoder remoting.Decoder
	command remoting.Command // of the frame under way
	link    *link            // set by the handshake
}

// Frame implements remoting.FrameHandler.
func (p *peerConn) Frame(prefix, frame []byte) error {
	c := &p.command
	if err := p.decoder.Decode(frame, c); err != nil {
		return err
	}
	if p.link != nil {
		e, err := envelope.Decode(prefix)
		if err != nil {
			return err
		}
		return p.link.frame(e, c)
	}
	if c.Code == envelope.CodeHandshake && !c.IsResponse() {
		return p.shake(c)
	}
	p.spoke = true
	p.own.Take(c)
	return nil
}

// errSpoke refuses a handshake where answers without an envelope may follow, and
// where the node knows the peer as one that speaks for itself.
var errSpoke = errors.New("handshake after other requests")

func (p *peerConn) shake(c *remoting.Command) error {
	var h envelope.Handshake
	if err := h.Decode(c.Ext); err != nil {
		return err
	}
	if p.spoke {
		return errSpoke
	}
	if !envelope.Proves(p.peers.config.ClusterKey, h) {
		p.peers.refused.log(p.peers.config.Log, p.conn, h)
		p.conn.Reply(c.Kind, c.Opaque, &remoting.Response{Code: protocol.NoPermission, Remark: "the proxy does not prove this cluster's clusterKey"})
		return nil
	}
	link, err := p.peers.join(p.conn, h)
	if err != nil {
		return err
	}
	p.link = link
	p.conn.SetPrefix(envelope.Size)
	return p.conn.Reply(c.Kind, c.Opaque, &remoting.Response{})
}

// Closed implements remoting.FrameHandler.
func (p *peerConn) Closed() {
	if p.link == nil {
		p.own.Closed()
		return
	}
	p.peers.leave(p.link, fmt.Errorf("its %s connection ended", p.link.class))
}
