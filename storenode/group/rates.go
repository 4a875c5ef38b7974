package group

import (
	"sync"
	"time"
)

// How fast a group reads is what it was given in so many whole steps before now.
const (
	rateStep  = 10 * time.Second
	rateSteps = 6
)

// Rates says how many messages groups are given of topics (tpsGroupGetNums of BrokerStatsManager 4.9.7). Its methods may be
// called concurrently.
type Rates struct {
	most int

	mu    sync.RWMutex // guards what follows, not what reads hold
	pairs map[ratePair]*reads
	swept int64 // the step in which idle pairs were last looked for
}

type ratePair struct{ group, topic string }

// reads are the messages of one topic that one group was given.
type reads struct {
	mu          sync.Mutex           // guards the rest
	first, last int64                // steps: when it began, and the newest one in given
	given       [rateSteps + 1]int64 // by step
}

// NewRates counts for at most so many pairs of a group and a topic; who has had nothing for a minute makes place.
func NewRates(most int) *Rates { return &Rates{most: most, pairs: map[ratePair]*reads{}} }

func stepNow() int64 { return time.Now().UnixNano() / int64(rateStep) }

// Given counts messages. It costs a look into a table and a lock of the pair's own.
func (r *Rates) Given(group, topic string, messages int) {
	now := stepNow()
	if of := r.of(ratePair{group, topic}, now); of != nil {
		of.mu.Lock()
		defer of.mu.Unlock()
		of.moveTo(now)
		of.given[now%int64(len(of.given))] += int64(messages)
	}
}

// PerSecond is the rate over the last minute; over less where the first message came within it, and 0 in the ten seconds after
// that.
func (r *Rates) PerSecond(group, topic string) float64 {
	r.mu.RLock()
	of := r.pairs[ratePair{group, topic}]
	r.mu.RUnlock()
	if of == nil {
		return 0
	}
	of.mu.Lock()
	defer of.mu.Unlock()
	now := stepNow()
	of.moveTo(now)
	steps := min(now-of.first, rateSteps)
	if steps <= 0 {
		return 0
	}
	var given int64
	for step := now - steps; step < now; step++ {
		given += of.given[step%int64(len(of.given))]
	}
	return float64(given) / (time.Duration(steps) * rateStep).Seconds()
}

// of is a pair's reads, nil where there is no place for one more.
func (r *Rates) of(p ratePair, now int64) *reads {
	r.mu.RLock()
	of := r.pairs[p]
	r.mu.RUnlock()
	if of != nil {
		return of
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pairs) >= r.most {
		r.sweep(now)
	}
	if of = r.pairs[p]; of == nil && len(r.pairs) < r.most {
		of = &reads{first: now, last: now}
		r.pairs[p] = of
	}
	return of
}

// sweep removes idle pairs, once a step.
func (r *Rates) sweep(now int64) {
	if r.swept == now {
		return
	}
	r.swept = now
	for p, of := range r.pairs {
		of.mu.Lock()
		idle := now-of.last > rateSteps
		of.mu.Unlock()
		if idle {
			delete(r.pairs, p)
		}
	}
}

// moveTo makes room for a step; mu is held. A clock that was set back adds to the step it had reached.
func (of *reads) moveTo(step int64) {
	if step-of.last > rateSteps {
		of.last = step - rateSteps - 1
	}
	for of.last < step {
		of.last++
		of.given[of.last%int64(len(of.given))] = 0
	}
}
