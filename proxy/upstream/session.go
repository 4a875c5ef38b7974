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
	// Deliver gives the client an answer, a whole frame; it must copy it and must
	// not block.
	Deliver(frame []byte)
	// Ask gives the client a question of the node, as Deliver does an answer.
	Ask(frame []byte)
	// Addresses are the client's own and the one it connected to.
	Addresses() (remote, local netip.AddrPort)
	// Share is what it takes of the proxy's bounds, over all its sessions.
	Share() *Share
}

// Options of a session.
type Options struct {
	// Registered is the client's last heartbeat, where it sent one before the
	// session was.
	Registered []byte
	// Hurried is a session whose client has others that must not wait behind it:
	// nothing blocks, what the node has no room for waits in the proxy.
	Hurried bool
}

// Session is one client's virtual channel to one node. Its requests reach the
// node in the order they came, per class.
type Session struct {
	id      uint64
	node    *Node
	client  Client
	share   *Share
	hurried bool

	mu         sync.Mutex // guards all below; taken before the node's and a connection's own locks
	announced  *join      // the joining that was told of the session last
	joined     *join      // the joining that acknowledged it; nil while requests must wait
	registered [][]byte   // what a node that knows nothing is told: the last heartbeat, what was unregistered since
	lastID     uint64
	waiting    []*request              // in order of arrival
	inFlight   map[uint64]*request     // sent, not answered
	spare      []*request              // settled, for further use
	behind     map[envelope.Class]bool // of a hurried session: it is in the node's backlog
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
	s.RequestFor(sum, policy, frame, nil)
}

// RequestFor is Request for an answer that done is given, not the client.
func (s *Session) RequestFor(sum remoting.Summary, policy Policy, frame []byte, done Done) {
	l, e := s.admit(sum, policy, frame, done)
	// A connection that fails here ends the joining, which parks or refuses what
	// was admitted.
	if l != nil && !l.sendHeld(e, frame, s.node.patience()) {
		s.unsent(e.RequestID)
	}
}

// admit takes a request in; l is nil where there is nothing left to do.
func (s *Session) admit(sum remoting.Summary, policy Policy, frame []byte, done Done) (l *link, e envelope.Envelope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, e
	}
	r := s.request(sum, policy)
	r.done = done
	if !s.afford(r, len(frame)) {
		return nil, e
	}
	s.register(sum.Code, frame)
	if s.joined == nil || s.hurried && !s.sendNow(r, frame) {
		s.keep(r, frame)
		s.park(r)
		return nil, e
	}
	if s.hurried {
		return nil, e
	}
	return s.joined.link(policy.Class), s.send(r, frame)
}

// afford counts a request in, or refuses it; mu is held.
func (s *Session) afford(r *request, bytes int) bool {
	if s.node.draining.Load() {
		s.settle(r, stopping)
		return false
	}
	if s.joined != nil && r.sum.IsOneway() && !s.hurried {
		return true // it is gone at once
	}
	if busy := s.share.take(r.policy.Class, bytes); busy != "" {
		s.refuse(r, protocol.SystemBusy, busy)
		return false
	}
	r.taken = bytes
	return true
}

// send takes note of a request that goes out now, and returns its envelope; mu is
// held.
func (s *Session) send(r *request, frame []byte) envelope.Envelope {
	s.lastID++
	if r.sum.IsOneway() {
		s.recycle(r)
	} else {
		if r.policy.Retry != WhenNotAppended && len(r.frame) == 0 {
			s.keep(r, frame)
		}
		s.inFlight[s.lastID] = r
	}
	return envelope.Envelope{Session: s.id, RequestID: s.lastID, Kind: envelope.Request}
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
// Request does; where the node has no room for it, it is lost.
func (s *Session) Answer(frame []byte) {
	s.mu.Lock()
	j := s.joined
	s.mu.Unlock()
	patience := s.node.patience()
	if s.hurried {
		patience = 0
	}
	if j != nil {
		j.control().sendHeld(envelope.Envelope{Session: s.id, Kind: envelope.Answer}, frame, patience)
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
		s.node.unpark(len(r.frame))
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
	if r == nil {
		s.mu.Unlock()
		return
	}
	done := r.done
	delete(s.inFlight, id)
	s.recycle(r)
	s.mu.Unlock()
	if done != nil {
		done(frame)
	} else {
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
		s.node.unpark(len(r.frame))
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
		s.node.unpark(len(r.frame))
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
func (s *Session) settle(r *request, remark string) { s.refuse(r, protocol.SystemError, remark) }

// refuse answers instead of the node, where the client may be answered; mu is
// held.
func (s *Session) refuse(r *request, code int32, remark string) {
	if !r.sum.IsOneway() && r.policy.OnLoss != Silence {
		answer := remoting.AppendResponse(nil, r.sum.Kind, r.sum.Opaque, &remoting.Response{Code: code, Remark: remark})
		if r.done != nil {
			r.done(answer)
		} else {
			s.client.Deliver(answer)
		}
	}
	s.recycle(r)
}
