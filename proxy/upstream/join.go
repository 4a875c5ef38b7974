package upstream

import (
	"context"
	"fmt"
	"time"

	"gantry/remoting"
	"gantry/remoting/envelope"
)

// join is one set of connections to a node, from handshake to loss. Its
// sessions live and die with all of them.
type join struct {
	node  *Node
	since time.Time // when requests began to flow; keepJoined's
	links []*link
	shook chan error    // one for each link
	known chan struct{} // an answer to End: the node has taken all that came before it on that link
	ended chan error    // one for each link
	over  chan struct{} // closed at the loss
}

// link is the connection of a class.
func (j *join) link(class envelope.Class) *link {
	for _, l := range j.links {
		if l.class == class {
			return l
		}
	}
	panic(fmt.Sprintf("BUG: no connection of class %q", class))
}

func (j *join) control() *link { return j.link(envelope.Control) }

// end says that every session has been announced; the node answers it in turn.
func (j *join) end() { j.control().signal(envelope.Envelope{Kind: envelope.End}) }

// finish returns when the node has taken all that was sent, is lost, or ctx ends.
// No sessions may be announced any more.
func (j *join) finish(ctx context.Context) {
	j.all(envelope.Envelope{Kind: envelope.End})
	for range j.links {
		select {
		case <-j.known:
		case <-j.over:
			return
		case <-ctx.Done():
			return
		}
	}
}

// closeSession goes out on every connection, so that it overtakes no request
// that the client sent before it left.
func (j *join) closeSession(id uint64) { j.all(envelope.Envelope{Session: id, Kind: envelope.Close}) }

// beat keeps connections on which no client says anything.
func (j *join) beat() { j.all(envelope.Envelope{Kind: envelope.Beat}) }

func (j *join) all(e envelope.Envelope) {
	for _, l := range j.links {
		l.signal(e)
	}
}

// dial opens and proves every connection to addr.
func (n *Node) dial(ctx context.Context, addr string, attempt int) (*join, error) {
	j := &join{node: n, shook: make(chan error, len(envelope.Classes)),
		ended: make(chan error, len(envelope.Classes)), known: make(chan struct{}, len(envelope.Classes)), over: make(chan struct{})}
	for _, class := range envelope.Classes {
		raw, err := n.config.Dial(ctx, addr)
		if err != nil {
			j.close(err)
			return nil, err
		}
		l := &link{class: class, conn: remoting.NewConn(raw, n.config.Limits), handshake: n.handshake(class, attempt),
			stalled: make(chan struct{}, 1), gone: make(chan struct{})}
		j.links = append(j.links, l)
		n.running.Go(func() { j.serve(l) })
		n.running.Go(func() { j.resume(l) })
		l.tell(envelope.CodeHandshake, l.handshake)
	}
	if err := j.shaken(ctx); err != nil {
		j.close(err)
		return nil, fmt.Errorf("handshake: %w", err)
	}
	return j, nil
}

// shaken waits until every connection is taken.
func (j *join) shaken(ctx context.Context) error {
	for range envelope.Classes {
		select {
		case err := <-j.shook:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (j *join) serve(l *link) {
	err := l.conn.Serve(func(prefix, frame []byte) error {
		if l.shook {
			return j.frame(prefix, frame)
		}
		if err := l.shaken(j.node.config.ClusterKey, frame); err != nil {
			return err
		}
		if l.shook {
			j.shook <- nil
		}
		return nil
	})
	close(l.gone)
	if !l.shook {
		j.shook <- err
	}
	j.ended <- err
}

func (j *join) frame(prefix, frame []byte) error {
	e, err := envelope.Decode(prefix)
	if err != nil {
		return err
	}
	switch e.Kind {
	case envelope.Reply:
		if s := j.node.session(e.Session); s != nil {
			s.reply(e.RequestID, frame)
		}
	case envelope.Ask:
		if s := j.node.session(e.Session); s != nil {
			s.client.Ask(frame)
		}
	case envelope.Opened:
		j.opened(e.Session)
	case envelope.End:
		select {
		case j.known <- struct{}{}:
		default: // asked for more often than answered for
		}
	default:
		return fmt.Errorf("envelope %s from a storage node", e.Kind)
	}
	return nil
}

// opened lets a session's requests flow that was announced to a joined node.
// Those announced before End wait for its answer instead; one whose client has
// left meanwhile is closed now.
func (j *join) opened(id uint64) {
	if !j.node.isCurrent(j) {
		return
	}
	if s := j.node.session(id); s != nil {
		s.enter(j)
	} else {
		j.closeSession(id)
	}
}

func (j *join) close(why error) {
	for _, l := range j.links {
		l.conn.Close(why)
	}
}
