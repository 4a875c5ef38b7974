package upstream

import (
	"cmp"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gantry/remoting/envelope"
)

// Budget is what has been taken of Bounds: one for all nodes of a proxy.
type Budget struct {
	requests, bytes, pulls, sessions counter
	clientRequests, clientBytes      bound // of each client

	mu      sync.Mutex // guards what follows
	log     *slog.Logger
	refused map[string]refusals
}

// refusals are those for one reason.
type refusals struct {
	since  int // the last log line
	logged time.Time
}

// refusalPeriod lies between two log lines about one bound.
const refusalPeriod = time.Minute

// NewBudget starts with nothing taken.
func NewBudget(log *slog.Logger, b Bounds) *Budget {
	all := b.all()
	return &Budget{
		requests: all[ofRequests].counter(), bytes: all[ofRequestBytes].counter(),
		pulls: all[ofHeldPulls].counter(), sessions: all[ofSessions].counter(),
		clientRequests: all[ofClientRequests], clientBytes: all[ofClientBytes],
		log: log, refused: map[string]refusals{},
	}
}

// Share is what one client takes of a budget, over all its sessions.
type Share struct {
	budget          *Budget
	requests, bytes counter
}

// Share is one more client's, of which nothing is taken.
func (b *Budget) Share() *Share {
	return &Share{budget: b, requests: b.clientRequests.counter(), bytes: b.clientBytes.counter()}
}

// take counts a request in; where a bound forbids that, it says which.
func (s *Share) take(class envelope.Class, bytes int) (refusal string) {
	pulls := 0
	if class == envelope.Pulls {
		pulls = 1
	}
	all := [...]taking{{&s.requests, 1}, {&s.bytes, bytes}, {&s.budget.requests, 1}, {&s.budget.bytes, bytes}, {&s.budget.pulls, pulls}}
	for i, t := range all {
		if t.of.take(t.n) {
			continue
		}
		for _, taken := range all[:i] {
			taken.of.give(taken.n)
		}
		return s.budget.refuse(t.of)
	}
	return ""
}

// give takes back what take counted in.
func (s *Share) give(class envelope.Class, bytes int) {
	s.requests.give(1)
	s.bytes.give(bytes)
	s.budget.requests.give(1)
	s.budget.bytes.give(bytes)
	if class == envelope.Pulls {
		s.budget.pulls.give(1)
	}
}

// openSession counts a session in; where a bound forbids that, it says which.
func (b *Budget) openSession() (refusal string) {
	if !b.sessions.take(1) {
		return b.refuse(&b.sessions)
	}
	return ""
}

// taking is how much of a counter a request takes.
type taking struct {
	of *counter
	n  int
}

// refuse is the remark about a bound; the log has it once a minute.
func (b *Budget) refuse(c *counter) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, now := b.refused[c.of.key], time.Now()
	r.since++
	if now.Sub(r.logged) >= refusalPeriod {
		b.log.Warn("requests refused", "reason", c.String(), "refusals", r.since)
		r = refusals{logged: now}
	}
	b.refused[c.of.key] = r
	return "[OVERLOAD]system busy, " + c.String()
}

// counter is something of which there is no more than a bound.
type counter struct {
	n   atomic.Int64
	max int64
	of  bound
}

func (b bound) counter() counter {
	return counter{max: int64(cmp.Or(*b.field, b.standard)), of: b}
}

func (c *counter) take(n int) bool {
	if n == 0 || c.n.Add(int64(n)) <= c.max {
		return true
	}
	c.n.Add(-int64(n))
	return false
}

func (c *counter) give(n int) { c.n.Add(-int64(n)) }

func (c *counter) String() string {
	return fmt.Sprintf("more than %d %s (%s)", c.max, c.of.of, c.of.key)
}
