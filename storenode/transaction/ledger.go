package transaction

import (
	"fmt"
	"maps"
	"math"
	"math/bits"
)

// state is what is known of a half message.
type state int

const (
	open    state = iota
	ended         // there is an operation record
	moved         // it was put again, or given up
	unknown       // it is settled, and forgotten how
)

const (
	pageHalves = 4096
	// pagesBehind is how many pages of settled half messages are remembered: a second END_TRANSACTION is mostly about one
	// of them.
	pagesBehind = 256
	noOp        = math.MaxInt64
)

// ledger is the state of the half messages from the first open one on, and of some before. Pages that nobody has touched
// are not there, and those that have ended whole have no bits. Its user locks.
type ledger struct {
	low    int64 // queue offset: before it none is open
	pages  map[int64]*page
	parts  int   // pages with bits
	opHigh int64 // behind the newest operation record seen
}

// page is pageHalves half messages.
type page struct {
	firstOp      int64 // queue offset of the first operation record about one of them, noOp without
	left         int   // that are open
	ended, moved *[pageHalves / 64]uint64
}

func (l *ledger) init(low int64) { l.low, l.pages = low, map[int64]*page{} }

// of says how half message q stands.
func (l *ledger) of(q int64) state {
	p := l.pages[q/pageHalves]
	word, bit := q%pageHalves/64, uint64(1)<<(q%64)
	switch {
	case p != nil && (p.ended == nil || p.ended[word]&bit != 0):
		return ended
	case p != nil && p.moved[word]&bit != 0:
		return moved
	case q < l.low:
		return unknown
	}
	return open
}

// end notes the operation record at queue offset op about half message q.
func (l *ledger) end(q, op int64) {
	l.opHigh = max(l.opHigh, op+1)
	if q < l.low && l.of(q) == unknown {
		return
	}
	p := l.page(q)
	p.firstOp = min(p.firstOp, op)
	if p.ended != nil {
		l.set(p, p.ended, q)
	}
}

// move notes that half message q was put again or given up.
func (l *ledger) move(q int64) {
	if p := l.page(q); p.moved != nil {
		l.set(p, p.moved, q)
	}
}

func (l *ledger) page(q int64) *page {
	p := l.pages[q/pageHalves]
	if p == nil {
		p = &page{firstOp: noOp, left: pageHalves, ended: new([pageHalves / 64]uint64), moved: new([pageHalves / 64]uint64)}
		p.left -= int(max(0, min(l.low-q/pageHalves*pageHalves, pageHalves))) // those before low are not open
		l.pages[q/pageHalves] = p
		l.parts++
	}
	return p
}

func (l *ledger) set(p *page, where *[pageHalves / 64]uint64, q int64) {
	wasOpen := l.of(q) == open
	where[q%pageHalves/64] |= 1 << (q % 64)
	if !wasOpen {
		return
	}
	if p.left--; p.left == 0 {
		l.close(p)
	}
	l.advance()
}

// close drops the bits of a page that has ended whole.
func (l *ledger) close(p *page) {
	for _, word := range p.ended {
		if word != math.MaxUint64 {
			return
		}
	}
	p.ended, p.moved = nil, nil
	l.parts--
}

// advance moves low to the first open half message and forgets pages far behind.
func (l *ledger) advance() {
	before := l.low / pageHalves
	for l.of(l.low) != open {
		l.low = l.following(l.low)
	}
	for number := before - pagesBehind; number < l.low/pageHalves-pagesBehind; number++ {
		l.forget(number)
	}
}

func (l *ledger) forget(number int64) {
	if p := l.pages[number]; p != nil {
		if p.ended != nil {
			l.parts--
		}
		delete(l.pages, number)
	}
}

// following is the next half message behind q that may be open.
func (l *ledger) following(q int64) int64 {
	p := l.pages[q/pageHalves]
	switch {
	case p == nil:
		return q + 1
	case p.left == 0:
		return (q/pageHalves + 1) * pageHalves
	}
	q++
	if q%pageHalves == 0 {
		return q
	}
	word := q % pageHalves / 64
	settled := (p.ended[word] | p.moved[word]) >> (q % 64)
	return min(q+int64(bits.TrailingZeros64(^settled)), q/64*64+64)
}

// opensFrom lists open half messages from q on and before end, at most len(dst).
func (l *ledger) opensFrom(q, end int64, dst []int64) []int64 {
	found := dst[:0]
	for q = max(q, l.low); q < end && len(found) < cap(dst); q = l.following(q) {
		if l.of(q) == open {
			found = append(found, q)
		}
	}
	return found
}

// opLow is the queue offset of the first operation record that is still needed.
func (l *ledger) opLow() int64 {
	low := l.opHigh
	for number, p := range maps.All(l.pages) {
		if number >= l.low/pageHalves {
			low = min(low, p.firstOp)
		}
	}
	return low
}

// room is an error where too many pages have bits.
func (l *ledger) room(pages int) error {
	if l.parts-pagesBehind > pages {
		return fmt.Errorf("half messages are open among %d that have ended, the bound is %d", l.parts*pageHalves, pages*pageHalves)
	}
	return nil
}
