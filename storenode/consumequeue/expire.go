package consumequeue

import (
	"fmt"

	"gantry/storenode/commitlog"
)

// Expire moves the queue's minimum to its first unit whose record lies at or behind minPhysical, where the log begins
// now, and removes the files before it, though never the last one. It may be called beside everything else. It returns
// how many files went. Error: the file system's.
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

// firstFrom is the ordinal of the first unit whose record lies at or behind minPhysical, Max where none does.
func (q *Queue) firstFrom(minPhysical commitlog.Offset) (Offset, error) {
	q.mu.Lock()
	from, to, end := q.min, q.max, q.maxPhysical
	q.mu.Unlock()
	if end <= minPhysical {
		return to, nil
	}
	if u, ok, err := q.Unit(from); err != nil || !ok || !u.Blank() && u.Physical >= minPhysical {
		return from, err
	}
	for from < to {
		middle := (from + to) / 2
		at, u, err := q.skipBlanks(middle, to)
		if err != nil {
			return 0, err
		}
		if at == to || u.Physical >= minPhysical {
			to = middle
		} else {
			from = at + 1
		}
	}
	return from, nil
}

// skipBlanks returns the first unit of [from, to) that stands for a message; to where there is none.
func (q *Queue) skipBlanks(from, to Offset) (Offset, Unit, error) {
	for at := from; at < to; at++ {
		u, ok, err := q.Unit(at)
		if err != nil {
			return 0, Unit{}, err
		}
		if ok && !u.Blank() {
			return at, u, nil
		}
	}
	return to, Unit{}, nil
}
