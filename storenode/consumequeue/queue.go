package consumequeue

import (
	"fmt"
	"path/filepath"
	"strconv"
	"sync"

	"gantry/storenode/commitlog"
)

// Queue is one queue. What Put touches is the first 64 bytes of 128: of tens of thousands of queues each is cold when it is used, and
// a line of the CPU's cache is fetched for each piece that lies elsewhere.
type Queue struct {
	mu          sync.Mutex       // guards what follows but for owner, id, fileBytes and topic; never held across input or output
	tail        []byte           // units not written yet; only ever appended to or replaced
	max         Offset           // the ordinal behind the last
	maxPhysical commitlog.Offset // where the last unit's record ends
	owner       *Queues
	id          int32
	listed      bool // stands in owner.dirty
	files       bool // there are files, without gap from first to last, by byte offset

	min, tailAt Offset // ordinals of the first and of the first in memory
	first, last int64
	generation  int // see Generation
	fileBytes   int64
	topic       string
}

// tailBytes is room for the first units of a queue in memory: whole lines of the CPU's cache.
const tailBytes = 192

// Placed says what Put made of a unit.
type Placed int

const (
	Appended  Placed = iota // it is the queue's last now
	Duplicate               // the queue has it already
	Gap                     // units before it are missing; nothing was changed
)

// Topic is the topic's name.
func (q *Queue) Topic() string { return q.topic }

// ID is the queue's number in its topic.
func (q *Queue) ID() int32 { return q.id }

// Min is the ordinal of the first message, Max the one behind the last; both 0 in an empty queue.
func (q *Queue) Min() Offset {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.min
}

// Max is the ordinal behind the last message.
func (q *Queue) Max() Offset {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.max
}

// Range is Min and Max of one moment.
func (q *Queue) Range() (first, end Offset) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.min, q.max
}

// MaxPhysical is where the record of the last message ends in the commit log; 0 in an empty queue.
func (q *Queue) MaxPhysical() commitlog.Offset {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.maxPhysical
}

// UnitsPerFile is how many units a file holds: a read ends at a file's end.
func (q *Queue) UnitsPerFile() Offset { return Offset(q.fileBytes / UnitBytes) }

// Put appends the unit as number ordinal. A unit of a record the queue has seen is a duplicate; number 0 of a later
// record begins the queue anew, since the topic was deleted between the two. Errors: those of Reset.
func (q *Queue) Put(ordinal Offset, u Unit) (Placed, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if u.end() <= q.maxPhysical {
		return Duplicate, nil
	}
	if ordinal < q.max {
		if ordinal > 0 {
			return Duplicate, nil
		}
		q.mu.Unlock()
		err := q.Reset()
		q.mu.Lock()
		if err != nil {
			return Duplicate, err
		}
	}
	if ordinal > q.max && (q.max > 0 || q.files) {
		return Gap, nil
	}
	if q.max == 0 {
		q.min, q.max, q.tailAt = ordinal, ordinal, ordinal
	}
	q.appendLocked(u)
	return Appended, nil
}

// FillGap puts blanks up to ordinal, so that Put can go on there although units are missing.
func (q *Queue) FillGap(ordinal Offset) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.max < ordinal {
		q.appendLocked(blank)
	}
}

func (q *Queue) appendLocked(u Unit) {
	if q.tail == nil {
		q.tail = make([]byte, 0, tailBytes)
	}
	q.tail = AppendUnit(q.tail, u)
	q.max++
	q.maxPhysical = max(q.maxPhysical, u.end())
	q.owner.buffered.Add(UnitBytes)
	if !q.listed {
		q.listed = true
		q.owner.noteDirty(q)
	}
}

// Reset empties the queue and removes its files.
func (q *Queue) Reset() error {
	q.owner.writeMu.Lock()
	defer q.owner.writeMu.Unlock()
	q.mu.Lock()
	first, last, files := q.first, q.last, q.files
	q.owner.buffered.Add(-int64(len(q.tail)))
	q.generation++
	q.files, q.first, q.last = false, 0, 0
	q.min, q.max, q.tailAt, q.maxPhysical, q.tail = 0, 0, 0, 0, nil
	q.mu.Unlock()
	for start := first; files && start <= last; start += q.fileBytes {
		if err := q.owner.removeFile(fileKey{q, start}); err != nil {
			return fmt.Errorf("remove consume queue %s: %w", q.dir(), err)
		}
	}
	return nil
}

func (q *Queue) dir() string {
	return filepath.Join(q.owner.cfg.Dir, q.topic, strconv.Itoa(int(q.id)))
}

func (q *Queue) path(start int64) string { return filepath.Join(q.dir(), fileName(start)) }
