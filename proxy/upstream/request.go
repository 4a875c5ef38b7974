package upstream

import (
	"time"

	"gantry/remoting"
)

// request is a client's request until it is answered.
type request struct {
	sum    remoting.Summary
	policy Policy
	taken  int       // bytes of the client's share
	frame  []byte    // a copy while it waits, and while in flight where it may be sent again
	large  *[]byte   // holds it where it is too large for spareFrameBytes
	giveUp time.Time // zero until it has waited
	lost   bool      // an earlier attempt may have been carried out
	done   Done      // who is given the answer instead of the client; may be nil
}

// Done is given the answer to a request, a whole frame that it must copy. It runs
// where answers are read, or under the session's lock: it must not block, and
// must not call the session.
type Done func(answer []byte)

// doubt begins the remark to a request that may have been carried out.
func (r *request) doubt() string {
	if r.lost && r.policy.Retry != Safe {
		return "outcome unknown, "
	}
	return ""
}

// What a session keeps for its next requests: less than 100 KB where its client
// is busy (BenchmarkForward). Copies of larger frames go to the clients that need
// one next, up to largeFrameBytes.
const (
	spareRequests   = 128
	spareFrameBytes = 512
	largeFrameBytes = 64 << 10
)

// request makes one, without a frame; mu is held.
func (s *Session) request(sum remoting.Summary, policy Policy) *request {
	last := len(s.spare) - 1
	if last < 0 {
		return &request{sum: sum, policy: policy}
	}
	r := s.spare[last]
	s.spare = s.spare[:last]
	r.sum, r.policy = sum, policy
	return r
}

// keep copies the frame of a request; mu is held.
func (s *Session) keep(r *request, frame []byte) {
	if len(frame) <= spareFrameBytes {
		r.frame = append(r.frame, frame...)
		return
	}
	if r.large, _ = s.node.largeFrames.Get().(*[]byte); r.large == nil {
		r.large = new([]byte)
	}
	*r.large = append((*r.large)[:0], frame...)
	r.frame = *r.large
}

// release gives back what a request took of the client's share; mu is held.
func (s *Session) release(r *request) {
	if r.taken > 0 {
		s.share.give(r.policy.Class, r.taken)
		r.taken = 0
	}
}

// recycle takes a request that is settled; mu is held.
func (s *Session) recycle(r *request) {
	s.release(r)
	if r.large != nil {
		if cap(*r.large) <= largeFrameBytes {
			s.node.largeFrames.Put(r.large)
		}
		r.large, r.frame = nil, nil
	}
	if len(s.spare) == spareRequests || s.closed {
		return
	}
	*r = request{frame: r.frame[:0]}
	s.spare = append(s.spare, r)
}
