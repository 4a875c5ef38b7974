package consumequeue

import (
	"errors"
	"fmt"

	"gantry/storenode/commitlog"
)

// Load finds a queue's ends by halving, which is right as long as no unit that it looks at is damaged. What is here looks
// at the neighbours of what halving has found, where one damaged unit shows.

// errMisled says that where a queue seems to end it does not.
var errMisled = errors.New("units do not end where they seem to")

// neighbours is how many units are looked at on each side: as many as one page holds.
const neighbours = pageBytes / UnitBytes

// checkBehind looks for units behind what seems to be the end, unit number units of the file; before is the unit in front
// of it. After a clean stop there is nothing; else only units of records from Limit on, whole or torn. Errors: errMisled,
// the file system's.
func checkBehind(file *cachedFile, units int, fileBytes int64, before Unit, bounds Bounds) error {
	at := int64(units) * UnitBytes
	b := make([]byte, min(neighbours*UnitBytes, fileBytes-at))
	if _, err := file.ReadAt(b, at); err != nil {
		return err
	}
	for i := 0; i < len(b); i += UnitBytes {
		u := DecodeUnit(b[i:])
		stray := u.Physical >= before.end() && u.Physical < bounds.Limit && (u.written() || i == 0)
		if !bounds.Distrust {
			stray = u != Unit{}
		}
		if stray && !u.Blank() {
			return fmt.Errorf("%w: a unit of the record at %d lies behind the end", errMisled, u.Physical)
		}
	}
	return nil
}

// checkEnd looks at the last units of the queue. A bit that has flipped in zeros makes a unit that cannot follow the one
// before it. Errors: errMisled, the file's.
func (q *Queue) checkEnd() error {
	from := max(q.min, q.max-neighbours, Offset(q.last/UnitBytes))
	before, _, err := q.Unit(from - 1) // of the file before, where there is one
	if err != nil {
		return err
	}
	b := make([]byte, neighbours*UnitBytes)
	n, err := q.Read(from, b)
	if err != nil {
		return err
	}
	for i := range n {
		u, at := DecodeUnit(b[i*UnitBytes:]), from+Offset(i)
		if !u.written() || at == q.max-1 && u.Physical == 0 && !u.Blank() && before.end() > 0 {
			return fmt.Errorf("%w: unit %d of %d is of a record of %d bytes at %d", errMisled, at, q.max, u.Size, u.Physical)
		}
		if !u.Blank() {
			before = u
		}
	}
	return nil
}

// checkMin looks at the units on both sides of the minimum and, if they contradict each other, finds it from the front.
func (q *Queue) checkMin(minPhysical commitlog.Offset) error {
	low := Offset(q.first / UnitBytes)
	for at := max(low, q.min-2); at < min(q.max, q.min+2); at++ {
		u, _, err := q.Unit(at)
		if err != nil {
			return err
		}
		if below := u.Blank() || u.Physical < minPhysical; below != (at < q.min) && !(u.Blank() && at >= q.min) {
			return q.findMinFromFront(low, minPhysical)
		}
	}
	return nil
}

func (q *Queue) findMinFromFront(low Offset, minPhysical commitlog.Offset) (err error) {
	q.min = low
	q.min, err = q.firstFrom(minPhysical)
	if found := (*DamageError)(nil); errors.As(err, &found) {
		return nil // the unit stays, to be mended
	}
	return err
}

// SetEnd corrects where the record of the last unit ends, which was taken from a damaged unit. It is for the time before
// Put.
func (q *Queue) SetEnd(maxPhysical commitlog.Offset) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.maxPhysical = maxPhysical
}
