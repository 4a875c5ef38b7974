package upstream

import (
	"bytes"
	"fmt"
	"time"

	"gantry/remoting/envelope"
	"gantry/remoting/protocol"
)

// What becomes of a session when its node is joined and lost.

// What is kept of a client's registration. Who unregisters more between two
// heartbeats, or states more, is known again from the next heartbeat on.
const (
	registeredBound = 32        // frames
	registeredBytes = 256 << 10 // of each
)

// register keeps what a node that knows nothing must be told of the client; mu
// is held.
func (s *Session) register(code int32, frame []byte) {
	switch {
	case len(frame) > registeredBytes:
		if code == protocol.HeartBeat || code == protocol.UnregisterClient {
			s.registered = nil
		}
	case code == protocol.HeartBeat:
		s.registered = append(s.registered[:0], bytes.Clone(frame))
	case code != protocol.UnregisterClient || len(s.registered) == 0:
	case len(s.registered) < registeredBound:
		s.registered = append(s.registered, bytes.Clone(frame))
	default:
		s.registered = nil
	}
}

// announce tells the node of the session once in a joining, and repeats its
// registration.
func (s *Session) announce(j *join) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.announced == j {
		return
	}
	s.announced = j
	remote, local := s.client.Addresses()
	l := j.control()
	l.request(envelope.Envelope{Session: s.id, Kind: envelope.Open},
		envelope.CodeOpenSession, envelope.OpenSession{Remote: remote, Local: local})
	for _, frame := range s.registered {
		l.send(envelope.Envelope{Session: s.id, Kind: envelope.Request, Flags: envelope.Replay}, frame)
	}
}

// enter lets requests flow over j, those that waited first. A session whose
// client left before is closed now.
func (s *Session) enter(j *join) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed && s.announced == j {
		j.closeSession(s.id)
	}
	if s.closed || s.joined == j || !s.node.isCurrent(j) {
		return
	}
	s.joined = j
	waiting := s.waiting
	s.waiting = nil
	for _, r := range waiting {
		s.node.unpark(len(r.frame))
		s.resend(r)
	}
}

// resend sends what has waited; mu is held and the session joined.
func (s *Session) resend(r *request) {
	s.lastID++
	e := envelope.Envelope{Session: s.id, RequestID: s.lastID, Kind: envelope.Request}
	if r.lost {
		e.Flags = envelope.Retry
	}
	s.joined.link(r.policy.Class).send(e, r.frame)
	if r.sum.IsOneway() {
		s.recycle(r)
		return
	}
	if r.policy.HoldMillis > 0 { // the node may hold it for long: a later loss is another wait
		r.giveUp = time.Time{}
	}
	s.inFlight[s.lastID] = r
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
		if r := lost[id]; r.policy.Retry.again(r.frame) {
			r.lost = true
			s.park(r)
		} else {
			s.settle(r, fmt.Sprintf("outcome unknown, the connection to the storage node was lost: %v", why))
		}
	}
}
