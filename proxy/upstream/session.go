package upstream

import (
	"fmt"
	"net/netip"
	"slices"
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

	mu         sync.Mutex // guards all below; taken before the node's and a connection's own locks
	announced  *join      // the joining that was told of the session last
	joined     *join      // the joining that acknowledged it; nil while requests must wait
	registered [][]byte   // what a node that knows nothing is told: the last heartbeat, what was unregistered since
	lastID     uint64
	waiting    []*request          // in order of arrival
	inFlight   map[uint64]*request // sent, not answered
	spare      []*request          // settled, for further use
	closed     bool
}

// stopping is the remark of a proxy that takes no more.
const stopping = "the proxy is stopping"

// Request forwards a client's request, borrowed until Request returns. It blocks
// while the node leaves too much of the request's class unread: the client's
// further requests wait where they are. A request that cannot be sent now waits
// as long as its policy allows. One goroutine at a time.
func (s *Session) Request(sum remoting.Summary, policy Policy, frame []byte) {
	if l, e := s.admit(sum, policy, frame); l != nil {
		// A connection that fails here ends the joining, which parks or refuses
		// what was admitted.
		l.sendHeld(e, frame)
	}
}

// admit takes a request in; l is nil where it was parked.
func (s *Session) admit(sum remoting.Summary, policy Policy, frame []byte) (l *link, e envelope.Envelope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, e
	}
	if s.node.draining.Load() {
		s.settle(&request{sum: sum, policy: policy}, stopping)
		return nil, e
	}
	s.register(sum.Code, frame)
	if s.joined == nil {
		r := s.request(sum, policy)
		r.frame = append(r.frame, frame...)
		s.park(r)
		return nil, e
	}
	s.lastID++
	if !sum.IsOneway() {
		r := s.request(sum, policy)
		if policy.Retry != WhenNotAppended {
			r.frame = append(r.frame, frame...)
		}
		s.inFlight[s.lastID] = r
	}
	return s.joined.link(policy.Class), envelope.Envelope{Session: s.id, RequestID: s.lastID, Kind: envelope.Request}
}

// Answer forwards the client's response to a question of the node. It blocks as
// Request does.
func (s *Session) Answer(frame []byte) {
	s.mu.Lock()
	j := s.joined
	s.mu.Unlock()
	if j != nil {
		j.control().sendHeld(envelope.Envelope{Session: s.id, Kind: envelope.Answer}, frame)
	}
}

// Close ends the session: its client is gone. A joining that has not
// acknowledged the session yet is told when it does.
func (s *Session) Close() {
	s.mu.Lock()
	if s.joined != nil {
		s.joined.closeSession(s.id)
	}
	for _, r := range s.waiting {
		s.node.unpark(r)
	}
	s.closed, s.joined, s.waiting, s.inFlight, s.spare, s.registered = true, nil, nil, nil, nil, nil
	s.mu.Unlock()
	s.node.forget(s)
}

// reply delivers the node's answer; one that nobody waits for is dropped.
func (s *Session) reply(id uint64, frame []byte) {
	s.mu.Lock()
	r := s.inFlight[id]
	if r != nil {
		delete(s.inFlight, id)
		s.recycle(r)
	}
	s.mu.Unlock()
	if r != nil {
		s.client.Deliver(frame)
	}
}

// park lets r wait for the node; mu is held.
func (s *Session) park(r *request) {
	if r.giveUp.IsZero() {
		r.giveUp = s.node.giveUp(r.policy)
	}
	if !s.node.park(r) {
		s.settle(r, fmt.Sprintf("more than %d bytes of requests would wait for the storage node", s.node.config.WaitingBytes))
		return
	}
	s.waiting = append(s.waiting, r)
}

// expire settles what has waited for the node too long and reports what waits on.
func (s *Session) expire(now time.Time) (left int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = slices.DeleteFunc(s.waiting, func(r *request) bool {
		if now.Before(r.giveUp) {
			return false
		}
		s.node.unpark(r)
		s.settle(r, r.doubt()+"the storage node cannot be reached: "+s.node.trouble())
		return true
	})
	return len(s.waiting)
}

// refuseWaiting settles all that waits, as nothing waits for a node that is let
// go of.
func (s *Session) refuseWaiting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.waiting {
		s.node.unpark(r)
		s.settle(r, stopping)
	}
	s.waiting = nil
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

// settle ends a request that no node will answer; mu is held.
func (s *Session) settle(r *request, remark string) {
	if !r.sum.IsOneway() && r.policy.OnLoss != Silence {
		s.client.Deliver(remoting.AppendResponse(nil, r.sum.Kind, r.sum.Opaque,
			&remoting.Response{Code: protocol.SystemError, Remark: remark}))
	}
	s.recycle(r)
}
