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
	Cluster    string // brokerClusterName; who looks for another is refused
	ClusterKey string // what a handshake must prove; "" asks for no proof
	InFlight   int    // requests under way per channel, default 65,535
	Sessions   int    // sessions per proxy, default 1,048,576
	Log        *slog.Logger
	Handle     remoting.Handler        // every peer's requests; of those sent again Repeated is set
	Closed     func(*remoting.Channel) // a peer is gone
	// Gateway is told under which address (host:port) clients reach the node through a proxy that joins; "" where the
	// proxy knows none. May be nil.
	Gateway func(addr string)
	// Announced is told that a proxy has announced all of its sessions. May be nil.
	Announced func(proxyID string)
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
	if config.Gateway == nil {
		config.Gateway = func(string) {}
	}
	if config.Announced == nil {
		config.Announced = func(string) {}
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
	asked   *challenge       // what the handshake must prove, once
	link    *link            // set when the connection is a proxy's
}

// challenge is a handshake that waits for its proof.
type challenge struct {
	handshake envelope.Handshake
	envelope.Challenge
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
	switch {
	case c.Code == envelope.CodeHandshake && !c.IsResponse():
		return p.shake(c)
	case c.Code == envelope.CodeProof && !c.IsResponse():
		return p.prove(c)
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
	config := &p.peers.config
	if h.Cluster != "" && h.Cluster != config.Cluster {
		return p.refuse(c, h, fmt.Sprintf("looks for cluster %q, this node is of %q", h.Cluster, config.Cluster))
	}
	if config.ClusterKey == "" {
		return p.welcome(c, h)
	}
	p.asked = &challenge{h, envelope.Challenge{Nonce: envelope.NewNonce()}}
	return p.conn.Reply(c.Kind, c.Opaque, &remoting.Response{Header: p.asked.Challenge})
}

// prove takes the proof that the handshake was asked for. Each challenge is good
// for one.
func (p *peerConn) prove(c *remoting.Command) error {
	var proof envelope.Proof
	if err := proof.Decode(c.Ext); err != nil {
		return err
	}
	asked := p.asked
	if p.asked = nil; asked == nil {
		return p.refuse(c, envelope.Handshake{}, "proves what nobody asked for")
	}
	if !proof.Proves(p.peers.config.ClusterKey, asked.Challenge, asked.handshake) {
		return p.refuse(c, asked.handshake, "does not prove this cluster's clusterKey")
	}
	return p.welcome(c, asked.handshake)
}

func (p *peerConn) refuse(c *remoting.Command, h envelope.Handshake, why string) error {
	p.peers.refused.log(p.peers.config.Log, p.conn.RemoteAddr(), h.ProxyID, why)
	return p.conn.Reply(c.Kind, c.Opaque, &remoting.Response{Code: protocol.NoPermission, Remark: "the proxy " + why})
}

// welcome makes the connection one of a proxy's: from here on envelopes.
func (p *peerConn) welcome(c *remoting.Command, h envelope.Handshake) error {
	link, err := p.peers.join(p.conn, h)
	if err != nil {
		return err
	}
	p.link = link
	p.conn.SetPrefix(envelope.Size)
	if h.Class == envelope.Control {
		p.peers.config.Gateway(h.GatewayAddr)
	}
	return p.conn.Reply(c.Kind, c.Opaque, &remoting.Response{Header: envelope.Challenge{}})
}

// Closed implements remoting.FrameHandler.
func (p *peerConn) Closed() {
	if p.link == nil {
		p.own.Closed()
		return
	}
	p.link.group.end(fmt.Sprintf("its %s connection ended", p.link.class))
}
