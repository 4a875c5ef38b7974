package session

import (
	"fmt"
	"slices"
	"sync"

	"gantry/remoting"
	"gantry/remoting/envelope"
)

// session is a virtual channel.
type session struct {
	group   *group
	channel *remoting.Channel
	senders [len(envelope.Classes)]sender // by class; fixed
	closed  [len(envelope.Classes)]bool   // by class; guarded by group.mu
	ended   sync.Once
}

func newSession(g *group, id uint64, h envelope.OpenSession) *session {
	s := &session{group: g}
	for place, l := range g.links {
		s.senders[place] = sender{conn: l.conn, session: id}
	}
	control := &s.senders[slices.Index(envelope.Classes[:], envelope.Control)]
	s.channel = remoting.NewChannel(control, h.Remote, h.Local, g.peers.config.InFlight)
	return s
}

// end tells the node once that the peer is gone.
func (s *session) end() {
	s.ended.Do(func() {
		s.channel.Fail(remoting.ErrClosed)
		s.group.peers.config.Closed(s.channel)
	})
}

// sender puts a session's envelope before each frame.
type sender struct {
	conn    *remoting.Conn
	session uint64
}

// Begin implements remoting.Sender.
func (s *sender) Begin(requestID uint64) ([]byte, error) {
	dst, err := s.conn.Begin()
	if err != nil {
		return nil, err
	}
	kind := envelope.Reply
	if requestID == 0 {
		kind = envelope.Ask
	}
	return envelope.Envelope{Session: s.session, RequestID: requestID, Kind: kind}.Append(dst), nil
}

// Commit implements remoting.Sender.
func (s *sender) Commit(dst []byte) { s.conn.Commit(dst) }

// frame handles one frame of the link.
func (l *link) frame(e envelope.Envelope, c *remoting.Command) error {
	if !l.group.begin() {
		return nil
	}
	defer l.group.done()
	switch e.Kind {
	case envelope.Open:
		return l.open(e, c)
	case envelope.Close:
		l.group.closeOn(e.Session, l)
		return nil
	case envelope.Beat:
		return nil
	case envelope.End:
		l.group.peers.config.Announced(l.group.proxyID)
		return l.signal(e)
	case envelope.Request, envelope.Answer:
		l.deliver(e, c)
		return nil
	}
	return fmt.Errorf("envelope %s is not for a storage node", e.Kind)
}

// deliver hands on what a session's client said. Of a session that is unknown,
// because its client has gone, nobody waits for an answer.
func (l *link) deliver(e envelope.Envelope, c *remoting.Command) {
	s := l.group.session(e.Session)
	if s == nil {
		return
	}
	if e.Flags&envelope.Replay != 0 {
		c.Flag |= remoting.FlagOneway // nobody waits for the answer
	}
	c.Repeated = e.Flags&envelope.Retry != 0
	s.channel.Deliver(&s.senders[l.place], c, e.RequestID, l.group.peers.config.Handle)
}

func (l *link) open(e envelope.Envelope, c *remoting.Command) error {
	var h envelope.OpenSession
	if err := h.Decode(c.Ext); err != nil {
		return fmt.Errorf("announcement of session %d: %w", e.Session, err)
	}
	if err := l.group.open(e.Session, h); err != nil {
		return err
	}
	return l.signal(envelope.Envelope{Session: e.Session, RequestID: e.RequestID, Kind: envelope.Opened})
}

// signal answers with an envelope that says all.
func (l *link) signal(e envelope.Envelope) error {
	dst, err := l.conn.Begin()
	if err != nil {
		return err
	}
	l.conn.Commit(remoting.AppendRequest(e.Append(dst), 0, &remoting.Request{Code: envelope.CodeSignal, Oneway: true, Kind: remoting.ROCKETMQ}))
	return nil
}
