package upstream

import (
	"slices"
	"time"

	"gantry/remoting"
	"gantry/remoting/envelope"
)

// What hurried sessions could not send because the node reads too slowly: it
// waits in the proxy, and goes out as the node reads on. Per class, a session's
// requests keep their order, and sessions have their turns.

// sendNow sends r where the node has room for it, and nothing of its class waits
// already; mu is held.
func (s *Session) sendNow(r *request, frame []byte) bool {
	class := r.policy.Class
	ofClass := func(w *request) bool { return w.policy.Class == class }
	if !slices.ContainsFunc(s.waiting, ofClass) && s.trySend(r, frame) {
		return true
	}
	s.fallBehind(class)
	return false
}

// trySend is link.send of a request where there is room; mu is held.
func (s *Session) trySend(r *request, frame []byte) bool {
	e := envelope.Envelope{Session: s.id, RequestID: s.lastID + 1, Kind: envelope.Request}
	if r.lost {
		e.Flags = envelope.Retry
	}
	if !s.joined.link(r.policy.Class).sendHeld(e, frame, 0) {
		return false
	}
	if r.policy.HoldMillis > 0 { // the node may hold it for long: a later loss is another wait
		r.giveUp = time.Time{}
	}
	s.send(r, frame)
	return true
}

// fallBehind lets the session have its turn once the node reads on; mu is held.
func (s *Session) fallBehind(class envelope.Class) {
	if !s.behind[class] {
		s.behind[class] = true
		s.node.mu.Lock()
		s.node.backlog[class] = append(s.node.backlog[class], s)
		s.node.mu.Unlock()
	}
	s.joined.link(class).stall()
}

// catchUp sends what waits of a class, and reports whether that was all.
func (s *Session) catchUp(class envelope.Class) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behind[class] = false
	if s.closed || s.joined == nil {
		return true // gone; or sent when the node is joined again
	}
	full := false
	s.waiting = slices.DeleteFunc(s.waiting, func(r *request) bool {
		if r.policy.Class != class || full {
			return false
		}
		bytes := len(r.frame)
		if full = !s.trySend(r, r.frame); !full {
			s.node.unpark(bytes)
		}
		return !full
	})
	if full {
		s.fallBehind(class)
	}
	return !full
}

// stall lets resume look after the link.
func (l *link) stall() {
	select {
	case l.stalled <- struct{}{}:
	default:
	}
}

// resume gives sessions that fell behind their turns, whenever the node has read
// on.
func (j *join) resume(l *link) {
	for {
		select {
		case <-l.stalled:
		case <-l.gone:
			return
		}
		if l.conn.Hold() != nil {
			return
		}
		j.node.catchUp(l.class)
	}
}

func (n *Node) catchUp(class envelope.Class) {
	n.mu.Lock()
	behind := n.backlog[class]
	n.backlog[class] = nil
	n.mu.Unlock()
	for i, s := range behind {
		if !s.catchUp(class) {
			n.mu.Lock()
			n.backlog[class] = append(behind[i+1:], n.backlog[class]...)
			n.mu.Unlock()
			return
		}
	}
}

// Remember keeps a heartbeat for a node that is away.
func (s *Session) Remember(sum remoting.Summary, frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.register(sum.Code, frame)
}
