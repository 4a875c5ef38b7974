package store

import (
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
)

// span is what is read of the log at once: the records of some units, and what lies between and around them.
type span struct {
	units    int
	from, to commitlog.Offset
}

// What is read with the records costs less than another read would (BenchmarkGet).
const (
	gapBytes   = 12 << 10 // between two records
	wholeBytes = 64 << 10 // of a span that is widened to whole blocks: what lies behind is moved
)

// plan divides the units into spans, and says how much room reading them takes: a span is read behind the records that were kept
// before it.
func (l *look) plan() int {
	room, kept := 0, 0
	for first := 0; first < len(l.units); {
		s := l.together(l.units[first:])
		l.spans = append(l.spans, s)
		room = max(room, kept+s.bytes())
		for _, u := range l.units[first : first+s.units] {
			kept += int(u.Size)
		}
		first += s.units
	}
	return room
}

// together is the span of those units at the front whose records lie close behind one another.
func (l *look) together(units []consumequeue.Unit) span {
	s := alone(units[0])
	for _, u := range units[1:] {
		if u.Physical < s.to || u.Physical > s.to+gapBytes {
			break
		}
		s.to = u.Physical + commitlog.Offset(u.Size)
		s.units++
	}
	if s.bytes() <= wholeBytes {
		s.from, s.to = l.store.log.Whole(s.from, s.to)
	}
	return s
}

// alone is the span of one unit's record.
func alone(u consumequeue.Unit) span {
	return span{units: 1, from: u.Physical, to: u.Physical + commitlog.Offset(u.Size)}
}

func (s span) bytes() int { return int(s.to - s.from) }

// piece is a span that was read.
type piece struct {
	span
	bytes []byte
	bad   []commitlog.Offset // its damaged blocks
}

// record is the unit's part of it.
func (p piece) record(u consumequeue.Unit) []byte { return p.bytes[u.Physical-p.from:][:u.Size] }

// readSpan reads into the room behind kept.
func (l *look) readSpan(s span, kept []byte) (p piece, err error) {
	p = piece{span: s, bytes: kept[len(kept):][:s.bytes()]}
	if l.query.now {
		err = l.store.readNow(p.bytes, s.from)
	} else {
		p.bad, err = l.store.readFull(p.bytes, s.from)
	}
	return p, err
}
