package upstream

import (
	"context"
	"fmt"
	"time"
)

// How a node is joined, kept and joined again. All of it runs on the goroutine
// of keepJoined.

func (n *Node) keepJoined(ctx context.Context) {
	pause := firstPause
	for attempt := 1; ctx.Err() == nil; attempt++ {
		if steady := n.attempt(ctx, attempt, pause); steady {
			pause = firstPause
		} else {
			pause = min(2*pause, lastPause)
		}
	}
}

// attempt joins the node where it is now, holds on to it, and pauses. It
// reports whether that went well for a while.
func (n *Node) attempt(ctx context.Context, number int, pause time.Duration) (steady bool) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	j, err := n.join(ctx, n.begin(cancel), number)
	if err == nil {
		err = n.hold(ctx, j)
		steady = j.steady()
	}
	n.setTrouble(err)
	select {
	case <-ctx.Done():
		return true // moved: the other address deserves a prompt first attempt
	case <-time.After(pause):
		return steady
	}
}

// begin notes how the attempt is ended, and returns the address it goes to.
func (n *Node) begin(interrupt context.CancelCauseFunc) (addr string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.interrupt = interrupt
	return n.addr
}

// join connects, announces every session and lets requests flow.
func (n *Node) join(ctx context.Context, addr string, attempt int) (*join, error) {
	bounded, cancel := context.WithTimeout(ctx, joinBound)
	defer cancel()
	j, err := n.dial(bounded, addr, attempt)
	var announced []*Session
	if err == nil {
		announced, err = n.announceAll(bounded, j)
	}
	if err != nil {
		if !n.ending(ctx) {
			n.tell.trouble("storage node not reached", err, "addr", addr)
		}
		return nil, err
	}
	n.tell.joined(addr, len(announced))
	n.enterAll(j, announced)
	return j, nil
}

func (n *Node) announceAll(ctx context.Context, j *join) (announced []*Session, err error) {
	stop := context.AfterFunc(ctx, func() { j.close(context.Cause(ctx)) })
	defer stop()
	for _, s := range n.snapshot() {
		s.announce(j)
		announced = append(announced, s)
		if err := j.control().conn.Hold(); err != nil { // their heartbeats may be more than an outbox takes
			return nil, j.failed(err)
		}
	}
	j.end()
	select {
	case <-j.known:
		return announced, nil
	case err := <-j.ended:
		return nil, j.failed(err)
	}
}

// failed ends a joining before it was one.
func (j *join) failed(err error) error {
	j.close(err)
	return fmt.Errorf("announcing sessions: %w", err)
}

// enterAll opens the flow; a session that came meanwhile is announced first.
func (n *Node) enterAll(j *join, announced []*Session) {
	n.mu.Lock()
	n.current = j
	n.mu.Unlock()
	j.since = time.Now()
	for _, s := range announced {
		s.enter(j)
	}
	for _, s := range n.snapshot() {
		s.announce(j)
	}
}

// hold waits for the joining's end and settles what was under way.
func (n *Node) hold(ctx context.Context, j *join) error {
	why := j.last(ctx)
	close(j.over)
	if j.steady() {
		n.tell.forget()
	}
	if !n.ending(ctx) {
		n.tell.trouble("storage node lost", why)
	}
	n.mu.Lock()
	n.current = nil
	n.mu.Unlock()
	j.close(why)
	for _, s := range n.snapshot() {
		s.leave(j, why)
	}
	return why
}

// ending reports whether the proxy lets go of the node, so that what the
// connections come to is no news: in standalone both stop together.
func (n *Node) ending(ctx context.Context) bool { return ctx.Err() != nil || n.draining.Load() }

// steady reports whether a joining lasted; its goroutine is keepJoined's.
func (j *join) steady() bool { return time.Since(j.since) >= steadyAfter }

// last waits for a joining's end.
func (j *join) last(ctx context.Context) error {
	beat := time.NewTicker(beatPeriod)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
			j.beat()
		case why := <-j.ended:
			return why
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
