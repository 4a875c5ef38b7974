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
	// Share is what it takes of the proxy's bounds, over all its sessions.
	Share() *Share
}

// Session is one client's virtual channel to one node. Its requests reach the
// node in the order they came, per class.
type Session struct {
	id     uint64
	node   *Node
	client Client
	share  *Share

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
// while the node leaves too much of the request's class unread, so that the
// client's further requests wait where they are; for Config.RetryMillis, then the
// request is refused. A request that cannot be sent now waits as long as its
// policy allows. One goroutine at a time.
func (s *Session) Request(sum remoting.Summary, policy Policy, frame []byte) {
	l, e := s.admit(sum, policy, frame)
	// A connection that fails here ends the joining, which parks or refuses what
	// was admitted.
	if l != nil && !l.sendHeld(e, frame, s.node.patience()) {
		s.unsent(e.RequestID)
	}
}

// admit takes a request in; l is nil where it was parked or refused.
func (s *Session) admit(sum remoting.Summary, policy Policy, frame []byte) (l *link, e envelope.Envelope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, e
	}
	if s.node.draining.Load() {
		s.refuse(sum, policy, protocol.SystemError, stopping)
		return nil, e
	}
	r := s.request(sum, policy)
	if s.joined == nil || !sum.IsOneway() {
		if busy := s.share.take(policy.Class, len(frame)); busy != "" {
			s.refuse(sum, policy, protocol.SystemBusy, busy)
			s.recycle(r)
			return nil, e
		}
		r.taken = len(frame)
	}
	s.register(sum.Code, frame)
	if s.joined == nil {
		s.keep(r, frame)
		s.park(r)
		return nil, e
	}
	s.send(r, frame)
	return s.joined.link(policy.Class), envelope.Envelope{Session: s.id, RequestID: s.lastID, Kind: envelope.Request}
}

// send takes note of a request that goes out now; mu is held.
func (s *Session) send(r *request, frame []byte) {
	s.lastID++
	if r.sum.IsOneway() {
		s.recycle(r)
		return
	}
	if r.policy.Retry != WhenNotAppended {
		s.keep(r, frame)
	}
	s.inFlight[s.lastID] = r
}

// unsent settles a request that the node left no room for. A oneway request is
// lost.
func (s *Session) unsent(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.inFlight[id]; r != nil {
		delete(s.inFlight, id)
		s.settle(r, fmt.Sprintf("the storage node has taken no requests for %v", s.node.patience()))
	}
}

// Answer forwards the client's response to a question of the node. It blocks as
// Request does.
func (s *Session) Answer(frame []byte) {
	s.mu.Lock()
	j := s.joined
	s.mu.Unlock()
	if j != nil {
		j.control().sendHeld(envelope.Envelope{Session: s.id, Kind: envelope.Answer}, frame, s.node.patience())
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
		s.release(r)
	}
	for _, r := range s.inFlight {
		s.release(r)
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
	s.refuse(r.sum, r.policy, protocol.SystemError, remark)
	s.recycle(r)
}

// refuse answers instead of the node, where the client may be answered.
func (s *Session) refuse(sum remoting.Summary, policy Policy, code int32, remark string) {
	if !sum.IsOneway() && policy.OnLoss != Silence {
		s.client.Deliver(remoting.AppendResponse(nil, sum.Kind, sum.Opaque, &remoting.Response{Code: code, Remark: remark}))
	}
}
