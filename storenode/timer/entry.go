package timer

import (
	"cmp"
	"encoding/binary"
	"math"
)

// entry is one timer message that is not delivered: when it is due, and where it lies in the queue of Topic.
type entry struct {
	due     int64 // ms since 1970
	ordinal int64 // offset in the queue
}

// entryBytes is an entry in a run.
const entryBytes = 16

// last is behind every entry.
var last = entry{math.MaxInt64, math.MaxInt64}

// compare orders entries as they are delivered.
func compare(a, b entry) int {
	return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.ordinal, b.ordinal))
}

func (e entry) before(other entry) bool { return compare(e, other) < 0 }

func (e entry) put(b []byte) {
	binary.BigEndian.PutUint64(b, uint64(e.due))
	binary.BigEndian.PutUint64(b[8:], uint64(e.ordinal))
}

func getEntry(b []byte) entry {
	return entry{int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:]))}
}

// young is a heap of entries in memory, container/heap's.
type young []entry

func (y young) Len() int           { return len(y) }
func (y young) Less(i, j int) bool { return y[i].before(y[j]) }
func (y young) Swap(i, j int)      { y[i], y[j] = y[j], y[i] }
func (y *young) Push(e any)        { *y = append(*y, e.(entry)) }
func (y *young) Pop() any {
	e := (*y)[len(*y)-1]
	*y = (*y)[:len(*y)-1]
	return e
}
