package upstream

import (
	"bytes"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"gantry/remoting"
	"gantry/remoting/envelope"
	"gantry/remoting/protocol"
)

// Client is who a session belongs to.
type Client interface {
	// Deliver gives the client a whole frame; it must copy it and must not block.
	Deliver(frame []byte)
	// Addresses are the client's own and the one it connected to.
	Addresses() (remote, local netip.AddrPort)
}

// Session is one client's virtual channel to one node. Its requests reach the
// node in the order they came, per class.
type Session struct {
	id     uint64
	node   *Node
	client Client

	mu        sync.Mutex // guards all below; taken before the node's and a connection's own locks
	joined    *join      // the joining that acknowledged the session; nil while requests must wait
	heartbeat []byte     // the client's last heartbeat, repeated to a node that knows nothing
	lastID    uint64
	waiting   []*request          // in order of arrival
	inFlight  map[uint64]*request // sent, not answered
	closed    bool
}

// request is a client's request until it is answered.
type request struct {
	sum    remoting.Summary
	policy Policy
	frame  []byte // a copy while it waits, and while in flight where it may be sent again
	giveUp time.Time
}

// Request forwards a client's request, borrowed until Request returns. A request
// that cannot be sent now waits as long as its policy allows.
func (s *Session) Request(sum remoting.Summary, policy Policy, frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if sum.Code == protocol.HeartBeat {
		s.heartbeat = bytes.Clone(frame)
	}
	r := &request{sum: sum, policy: policy}
	if s.joined == nil || len(s.waiting) > 0 {
		r.frame = bytes.Clone(frame)
		s.park(r)
		return
	}
	s.send(r, frame)
}

// send puts r on the connection of its class; mu is held and the session joined.
func (s *Session) send(r *request, frame []byte) {
	s.lastID++
	if !r.sum.IsOneway() {
		if r.policy.Retry == Safe && r.frame == nil {
			r.frame = bytes.Clone(frame)
		} else if r.policy.Retry != Safe {
			r.frame = nil
		}
		s.inFlight[s.lastID] = r
	}
	// A connection that fails here ends the joining, which parks or refuses r.
	s.joined.link(r.policy.Class).send(envelope.Envelope{Session: s.id, RequestID: s.lastID, Kind: envelope.Request}, frame)
}

// Answer forwards the client's response to a question of the node.
func (s *Session) Answer(frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.joined != nil {
		s.joined.control().send(envelope.Envelope{Session: s.id, Kind: envelope.Answer}, frame)
	}
}

// Hold blocks while the node leaves too much of a class unread: the client's
// further requests wait where they are.
func (s *Session) Hold(class envelope.Class) {
	s.mu.Lock()
	j := s.joined
	s.mu.Unlock()
	if j != nil {
		j.link(class).conn.Hold()
	}
}

// Close ends the session: its client is gone.
func (s *Session) Close() {
	s.mu.Lock()
	if s.joined != nil {
		s.joined.closeSession(s.id)
	}
	for _, r := range s.waiting {
		s.node.unpark(r)
	}
	s.closed, s.joined, s.waiting, s.inFlight = true, nil, nil, nil
	s.mu.Unlock()
	s.node.forget(s)
}

// reply delivers the node's answer; one that nobody waits for is dropped.
func (s *Session) reply(id uint64, frame []byte) {
	s.mu.Lock()
	_, known := s.inFlight[id]
	delete(s.inFlight, id)
	s.mu.Unlock()
	if known {
		s.client.Deliver(frame)
	}
}

// announce tells the node of the session, and repeats its heartbeat.
func (s *Session) announce(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	remote, local := s.client.Addresses()
	l.request(envelope.Envelope{Session: s.id, Kind: envelope.Open},
		envelope.CodeOpenSession, envelope.OpenSession{Remote: remote, Local: local})
	if s.heartbeat != nil {
		l.send(envelope.Envelope{Session: s.id, Kind: envelope.Request, Flags: envelope.Replay}, s.heartbeat)
	}
}

// enter lets requests flow over j, those that waited first.
func (s *Session) enter(j *join) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.joined == j {
		return
	}
	s.joined = j
	waiting := s.waiting
	s.waiting = nil
	for _, r := range waiting {
		s.node.unpark(r)
		s.send(r, r.frame)
	}
}

// leave stops the flow: the joining j has ended. What may be sent again waits
// for the next one, the rest is settled with the client.
func (s *Session) leave(j *join, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.joined != j || s.closed {
		return
	}
	s.joined = nil
	lost := s.inFlight
	s.inFlight = map[uint64]*request{}
	for _, id := range ascending(lost) {
		if r := lost[id]; r.policy.Retry == Safe {
			s.park(r)
		} else {
			s.settle(r, fmt.Sprintf("outcome unknown, the connection to the storage node was lost: %v", why))
		}
	}
}

// park lets r wait for the node; mu is held.
func (s *Session) park(r *request) {
	if r.giveUp.IsZero() {
		r.giveUp = s.node.giveUp(r.policy)
	}
	if !s.node.park(r) {
		s.settle(r, fmt.Sprintf("%d bytes of requests wait for the storage node, no more can", s.node.config.WaitingBytes))
		return
	}
	s.waiting = append(s.waiting, r)
}

// expire settles what has waited for the node too long and reports what waits on.
func (s *Session) expire(now time.Time) (left int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.waiting[:0]
	for _, r := range s.waiting {
		if now.Before(r.giveUp) {
			kept = append(kept, r)
			continue
		}
		s.node.unpark(r)
		s.settle(r, "the storage node cannot be reached: "+s.node.trouble())
	}
	s.waiting = kept
	return len(kept)
}

// unsettled reports whether the client waits for an answer that is no pull's.
func (s *Session) unsettled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.inFlight {
		if r.policy.Class != envelope.Pulls {
			return true
		}
	}
	return false
}

// settle ends a request that no node will answer.
func (s *Session) settle(r *request, remark string) {
	if r.sum.IsOneway() || r.policy.OnLoss == Silence {
		return
	}
	s.client.Deliver(remoting.AppendResponse(nil, r.sum.Kind, r.sum.Opaque,
		&remoting.Response{Code: protocol.SystemError, Remark: remark}))
}
