package upstream

import (
	"errors"
	"fmt"
	"time"

	"gantry/remoting"
	"gantry/remoting/envelope"
)

// link is one connection of a joining. Frames to many sessions share it.
type link struct {
	class     envelope.Class
	conn      *remoting.Conn
	handshake envelope.Handshake // what the node was asked to believe
	shook     bool               // and does; only Serve's goroutine looks
	stalled   chan struct{}      // holds one: sessions wait for the node to read on
	gone      chan struct{}      // closed with the connection
}

// send puts a whole frame behind its envelope. A connection that has failed
// takes nothing; its end is seen by who serves it.
func (l *link) send(e envelope.Envelope, frame []byte) {
	dst, err := l.conn.Begin()
	if err != nil {
		return
	}
	l.conn.Commit(append(e.Append(dst), frame...))
}

// sendHeld is send on a client's own goroutine: it waits there while the node
// leaves too much unread, however many clients do the same. It is false where
// that outlasts the patience.
func (l *link) sendHeld(e envelope.Envelope, frame []byte, patience time.Duration) bool {
	dst, err := l.conn.BeginHeld(patience)
	if err != nil {
		return !errors.Is(err, remoting.ErrUnread)
	}
	l.conn.Commit(append(e.Append(dst), frame...))
	return true
}

func (l *link) request(e envelope.Envelope, code int32, header remoting.Header) {
	dst, err := l.conn.Begin()
	if err != nil {
		return
	}
	l.conn.Commit(remoting.AppendRequest(e.Append(dst), 0,
		&remoting.Request{Code: code, Oneway: true, Header: header, Kind: remoting.ROCKETMQ}))
}

func (l *link) signal(e envelope.Envelope) { l.request(e, envelope.CodeSignal, nil) }

// handshake is what the node is asked to believe of a connection.
func (n *Node) handshake(class envelope.Class, attempt int) envelope.Handshake {
	h := envelope.Handshake{Cluster: n.config.Cluster, ProxyID: n.config.ProxyID, LinkGroup: n.group, Joining: int64(attempt),
		Class: class, Nonce: envelope.NewNonce()}
	if n.config.GatewayAddr != nil {
		h.GatewayAddr = n.config.GatewayAddr()
	}
	return h
}

// tell sends a request before envelopes are on.
func (l *link) tell(code int32, header remoting.Header) {
	dst, err := l.conn.Begin()
	if err != nil {
		return
	}
	l.conn.Commit(remoting.AppendRequest(dst, 1, &remoting.Request{Code: code, Header: header}))
}

// shaken reads an answer before envelopes are on: the node takes the connection,
// or asks for a proof first.
func (l *link) shaken(clusterKey string, frame []byte) error {
	var d remoting.Decoder
	var c remoting.Command
	if err := d.Decode(frame, &c); err != nil {
		return err
	}
	if c.Code != 0 {
		return fmt.Errorf("storage node refuses: code %d, %s", c.Code, c.Remark)
	}
	var challenge envelope.Challenge
	if err := challenge.Decode(c.Ext); err != nil {
		return err
	}
	if challenge.Nonce != "" {
		l.tell(envelope.CodeProof, envelope.Proof{MAC: envelope.Prove(clusterKey, challenge, l.handshake)})
		return nil
	}
	l.shook = true
	l.conn.SetPrefix(envelope.Size)
	return nil
}
