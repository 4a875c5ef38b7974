package upstream

import (
	"context"
	"fmt"
	"slices"

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

func (l *link) request(e envelope.Envelope, code int32, header remoting.Header) {
	dst, err := l.conn.Begin()
	if err != nil {
		return
	}
	l.conn.Commit(remoting.AppendRequest(e.Append(dst), 0,
		&remoting.Request{Code: code, Oneway: true, Header: header, Kind: remoting.ROCKETMQ}))
}

func (l *link) signal(e envelope.Envelope) { l.request(e, envelope.CodeSignal, nil) }

// join is one set of connections to a node, from handshake to loss. Its
// sessions live and die with all of them.
type join struct {
	node  *Node
	links []*link
	shook chan error    // one for each link
	known chan struct{} // the node has taken note of every session announced before End
	ended chan error    // one for each link
}

// link is the connection of a class.
func (j *join) link(class envelope.Class) *link {
	return j.links[slices.IndexFunc(j.links, func(l *link) bool { return l.class == class })]
}

func (j *join) control() *link { return j.link(envelope.Control) }

// end says that every session has been announced; the node answers it in turn.
func (j *join) end() { j.control().signal(envelope.Envelope{Kind: envelope.End}) }

// closeSession goes out on every connection, so that it overtakes no request
// that the client sent before it left.
func (j *join) closeSession(id uint64) {
	for _, l := range j.links {
		l.signal(envelope.Envelope{Session: id, Kind: envelope.Close})
	}
}

// dial opens and proves every connection.
func (n *Node) dial(ctx context.Context, group string) (*join, error) {
	j := &join{node: n, shook: make(chan error, len(envelope.Classes)), ended: make(chan error, len(envelope.Classes)),
		known: make(chan struct{}, 1)}
	for _, class := range envelope.Classes {
		raw, err := n.config.Dial(ctx, n.address())
		if err != nil {
			j.close(err)
			return nil, err
		}
		l := &link{class: class, conn: remoting.NewConn(raw, n.config.Limits)}
		j.links = append(j.links, l)
		n.running.Go(func() { j.serve(l) })
		n.shake(l, group)
	}
	for range envelope.Classes {
		select {
		case err := <-j.shook:
			if err != nil {
				j.close(err)
				return nil, err
			}
		case <-ctx.Done():
			j.close(context.Cause(ctx))
			return nil, fmt.Errorf("handshake: %w", context.Cause(ctx))
		}
	}
	return j, nil
}

func (n *Node) shake(l *link, group string) {
	h := envelope.Handshake{ProxyID: n.config.ProxyID, LinkGroup: group, Class: l.class}
	h.Proof = envelope.Prove(n.config.ClusterKey, h)
	dst, err := l.conn.Begin()
	if err != nil {
		return
	}
	l.conn.Commit(remoting.AppendRequest(dst, 1, &remoting.Request{Code: envelope.CodeHandshake, Header: h}))
}

func (j *join) serve(l *link) {
	err := l.conn.Serve(func(prefix, frame []byte) error {
		if !l.shook {
			return j.shaken(l, frame)
		}
		return j.frame(prefix, frame)
	})
	if !l.shook {
		j.shook <- fmt.Errorf("handshake: %w", err)
	}
	j.ended <- err
}

func (j *join) shaken(l *link, frame []byte) error {
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
	j.shook <- nil
	return nil
}

func (j *join) frame(prefix, frame []byte) error {
	e, err := envelope.Decode(prefix)
	if err != nil {
		return err
	}
	if e.Kind == envelope.End {
		j.known <- struct{}{}
		return nil
	}
	s := j.node.session(e.Session)
	switch {
	case s == nil || e.Flags&envelope.Replay != 0: // its client has gone; nobody asked
	case e.Kind == envelope.Opened:
		s.enter(j)
	case e.Kind == envelope.Reply:
		s.reply(e.RequestID, frame)
	case e.Kind == envelope.Ask:
		s.client.Deliver(frame)
	default:
		return fmt.Errorf("envelope %s from a storage node", e.Kind)
	}
	return nil
}

func (j *join) close(why error) {
	for _, l := range j.links {
		l.conn.Close(why)
	}
}
