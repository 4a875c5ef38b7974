package upstream

import (
	"fmt"

	"gantry/remoting"
	"gantry/remoting/envelope"
)

// link is one connection of a joining. Frames to many sessions share it.
type link struct {
	class envelope.Class
	conn  *remoting.Conn
	shook bool // the handshake was answered; only Serve's goroutine looks
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
// leaves too much unread, however many clients do the same.
func (l *link) sendHeld(e envelope.Envelope, frame []byte) {
	dst, err := l.conn.BeginHeld()
	if err != nil {
		return
	}
	l.conn.Commit(append(e.Append(dst), frame...))
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

// shake asks the node to take the connection for one of a proxy's.
func (l *link) shake(c Config, group string) {
	h := envelope.Handshake{ProxyID: c.ProxyID, LinkGroup: group, Class: l.class}
	h.Proof = envelope.Prove(c.ClusterKey, h)
	dst, err := l.conn.Begin()
	if err != nil {
		return
	}
	l.conn.Commit(remoting.AppendRequest(dst, 1, &remoting.Request{Code: envelope.CodeHandshake, Header: h}))
}

func (l *link) shaken(frame []byte) error {
	var d remoting.Decoder
	var c remoting.Command
	if err := d.Decode(frame, &c); err != nil {
		return err
	}
	if c.Code != 0 {
		return fmt.Errorf("storage node refuses: code %d, %s", c.Code, c.Remark)
	}
	l.shook = true
	l.conn.SetPrefix(envelope.Size)
	return nil
}
