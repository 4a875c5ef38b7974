package upstream

import (
	"context"
	"maps"
	"slices"
	"time"
)

// expireStep is how finely the end of a wait is kept.
const expireStep = 100 * time.Millisecond

func (n *Node) giveUp(p Policy) time.Time {
	millis := p.HoldMillis
	if millis == 0 {
		millis = n.config.RetryMillis
	}
	return time.Now().Add(time.Duration(millis) * time.Millisecond)
}

// park counts a waiting request in; false where no more may wait.
func (n *Node) park(r *request) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waitingBytes+len(r.frame) > n.config.WaitingBytes {
		return false
	}
	n.waitingBytes += len(r.frame)
	select {
	case n.parked <- struct{}{}:
	default:
	}
	return true
}

func (n *Node) unpark(bytes int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waitingBytes -= bytes
}

// expireWaiting settles requests that have waited for the node too long. It
// looks only while something waits.
func (n *Node) expireWaiting(ctx context.Context) {
	for {
		select {
		case <-n.parked:
		case <-ctx.Done():
			return
		}
		for left := 1; left > 0; {
			select {
			case <-time.After(expireStep):
			case <-ctx.Done():
				return
			}
			left = n.expireOnce(time.Now())
		}
	}
}

func (n *Node) expireOnce(now time.Time) (left int) {
	for _, s := range n.snapshot() {
		left += s.expire(now)
	}
	return left
}

// ascending gives the ids of requests in the order they were sent.
func ascending(m map[uint64]*request) []uint64 { return slices.Sorted(maps.Keys(m)) }
