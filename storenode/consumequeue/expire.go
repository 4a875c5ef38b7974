package consumequeue

import (
	"fmt"

	"gantry/storenode/commitlog"
)

// Expire moves the queue's minimum to its first unit whose record lies at or behind minPhysical, where the log begins
// now, and removes the files before it, though never the last one. It may be called beside everything else. It returns
// how many files went. Errors: *DamageError, after which the minimum stays; the file system's.
func (q *Queue) Expire(minPhysical commitlog.Offset) (removed int, err error) {
	q.owner.writeMu.Lock() // the files stay as they are
	defer q.owner.writeMu.Unlock()
	low, err := q.firstFrom(minPhysical)
	if err != nil {
		return 0, fmt.Errorf("expire consume queue %s: %w", q.dir(), err)
	}
	q.mu.Lock()
	q.min = max(q.min, low)
	first, last, files := q.first, q.last, q.files
	keep := min(last, int64(q.min)*UnitBytes/q.fileBytes*q.fileBytes)
	if files && keep > first {
		q.first = keep
	}
	q.mu.Unlock()
	for start := first; files && start < keep; start += q.fileBytes {
		if err := q.owner.removeFile(fileKey{q, start}); err != nil {
			return removed, fmt.Errorf("expire consume queue %s: %w", q.dir(), err)
		}
		removed++
	}
	return removed, nil
}

// expireUnits is how many units firstFrom reads at a time.
const expireUnits = 512

// firstFrom is the ordinal of the first unit whose record lies at or behind minPhysical, Max where none does. It goes
// through the units from the front instead of halving: a damaged one must not lead it past messages that are kept.
// Errors: *DamageError for a unit that cannot stand behind the one before it, Read's.
func (q *Queue) firstFrom(minPhysical commitlog.Offset) (Offset, error) {
	q.mu.Lock()
	at, end, behind := q.min, q.max, q.maxPhysical
	q.mu.Unlock()
	if behind <= minPhysical {
		return end, nil
	}
	if u, ok, err := q.Unit(at); err != nil || !ok || !u.Blank() && u.Physical >= minPhysical {
		return at, err
	}
	b := make([]byte, expireUnits*UnitBytes)
	var before Unit
	for at < end {
		n, err := q.Read(at, b)
		if err != nil || n == 0 {
			return at, err
		}
		for i := range n {
			u := DecodeUnit(b[i*UnitBytes:])
			if err := u.Check(before); err != nil {
				return at, q.Damaged(at, err)
			}
			if !u.Blank() {
				if u.Physical >= minPhysical {
					return at, nil
				}
				before = u
			}
			at++
		}
	}
	return end, nil
}
