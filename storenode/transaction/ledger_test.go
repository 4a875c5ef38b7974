package transaction

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// plain is a ledger as anybody would write it.
type plain struct {
	low    int64
	states map[int64]state
	ops    map[int64]int64 // first operation record of each page
	opHigh int64
}

func (p *plain) settle(q int64, as state) {
	if p.states[q] != ended {
		p.states[q] = as
	}
	for p.states[p.low] != open {
		p.low++
	}
}

func TestTheLedgerKnowsWhatHasHappened(t *testing.T) {
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		first := random.Int64N(3 * pageHalves)
		var l ledger
		l.init(first)
		p := &plain{low: first, states: map[int64]state{}, ops: map[int64]int64{}}
		end := first + 4*pageHalves
		for op := range int64(6 * pageHalves) {
			q := p.low + random.Int64N(1+min(end-p.low-1, 1+random.Int64N(2*pageHalves)))
			if q >= end-1 {
				break
			}
			if random.IntN(5) == 0 && p.states[q] == open {
				l.move(q)
				p.settle(q, moved)
			} else {
				l.end(q, op)
				page := q / pageHalves
				if _, known := p.ops[page]; !known {
					p.ops[page] = op
				}
				p.opHigh = op + 1
				p.settle(q, ended)
			}
		}
		if l.low != p.low {
			t.Fatalf("seed %d: low is %d, want %d", seed, l.low, p.low)
		}
		var opens []int64
		for q := p.low; q < end; q++ {
			if got := l.of(q); got != p.states[q] {
				t.Fatalf("seed %d: half message %d is %d, want %d", seed, q, got, p.states[q])
			}
			if p.states[q] == open {
				opens = append(opens, q)
			}
		}
		if got := l.opensFrom(0, end, make([]int64, 0, len(opens)+1)); !slices.Equal(got, opens) {
			t.Fatalf("seed %d: %d are open, want %d", seed, len(got), len(opens))
		}
		low := p.opHigh
		for page, op := range p.ops {
			if page >= p.low/pageHalves {
				low = min(low, op)
			}
		}
		if got := l.opLow(); got != low {
			t.Fatalf("seed %d: operation records from %d on, want %d", seed, got, low)
		}
	}
}

func TestWhatIsFarBehindIsForgotten(t *testing.T) {
	var l ledger
	l.init(0)
	const halves = (pagesBehind + 10) * pageHalves
	for q := range int64(halves) {
		l.end(q, q)
	}
	if l.low != halves || len(l.pages) > pagesBehind+1 || l.parts != 0 {
		t.Errorf("low is %d, %d pages, %d with bits", l.low, len(l.pages), l.parts)
	}
	if l.of(0) != unknown || l.of(halves-1) != ended || l.of(halves) != open {
		t.Errorf("states are %d, %d, %d", l.of(0), l.of(halves-1), l.of(halves))
	}
	if l.opLow() != halves {
		t.Errorf("operation records from %d on", l.opLow())
	}
}

func TestTheLedgerHasABound(t *testing.T) {
	var l ledger
	l.init(0)
	for page := range int64(pagesBehind + 20) {
		if err := l.room(10); (err != nil) != (l.parts > pagesBehind+10) {
			t.Fatalf("%d pages: %v", l.parts, err)
		}
		l.end(page*pageHalves+1, page)
	}
	if l.room(10) == nil {
		t.Error("no bound")
	}
}
