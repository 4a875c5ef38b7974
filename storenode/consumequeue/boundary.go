package consumequeue

import (
	"sort"

	"gantry/storenode/commitlog"
)

// Boundary says which neighbour of a time is looked for (BoundaryType 5.x).
type Boundary int

const (
	Lower Boundary = iota // the first message stored at the time or behind it; the queue's end where there is none
	Upper                 // the last message stored at the time or before it; 0 where there is none
)

// OffsetByBoundary finds a message by its store time (ms). Other than OffsetByTime it has one answer where several messages
// are stored in one millisecond. Messages whose records lie before minPhysical, or whose time cannot be told, count as
// older than any time. Errors: storeTime's, Read's.
func (q *Queue) OffsetByBoundary(timestamp int64, b Boundary, minPhysical commitlog.Offset, storeTime StoreTime) (Offset, error) {
	first, end := q.Range()
	if b == Upper {
		timestamp++ // the first behind it is one too far
	}
	var failed error
	at := first + Offset(sort.Search(int(end-first), func(i int) bool {
		if failed != nil {
			return true
		}
		u, ok, err := q.Unit(first + Offset(i))
		if err != nil || !ok || u.Blank() || u.Physical < minPhysical {
			failed = err
			return err != nil
		}
		stored, ok, err := storeTime(first+Offset(i), u)
		failed = err
		return err != nil || ok && stored >= timestamp
	}))
	switch {
	case failed != nil:
		return 0, failed
	case b == Lower:
		return at, nil
	case at == first:
		return 0, nil
	}
	return at - 1, nil
}
