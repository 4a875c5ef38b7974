package repeat

import "sync"

// preparing are requests on their way into the appender's queue. They count in
// rounds: a new one begins when somebody waits for those before.
type preparing struct {
	mu     sync.Mutex // guards all below, and every round
	rounds []*round   // not over; only the last one is still joined
}

type round struct {
	open int
	past bool          // nobody joins any more
	over chan struct{} // closed when it is past and nobody is in it
}

func (p *preparing) begin() (done func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.rounds) - 1
	if last < 0 || p.rounds[last].past {
		p.rounds = append(p.rounds, &round{over: make(chan struct{})})
		last++
	}
	joined := p.rounds[last]
	joined.open++
	return func() { p.end(joined) }
}

func (p *preparing) end(r *round) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.open--; r.open == 0 {
		p.remove(r)
	}
}

// remove forgets a round in which nobody is; mu is held.
func (p *preparing) remove(r *round) {
	close(r.over)
	for i, other := range p.rounds {
		if other == r {
			p.rounds = append(p.rounds[:i], p.rounds[i+1:]...)
			return
		}
	}
}

// before returns what is closed when all that has begun is done.
func (p *preparing) before() []<-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]<-chan struct{}, len(p.rounds))
	for i, r := range p.rounds {
		r.past = true
		all[i] = r.over
	}
	return all
}
