package consumequeue

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"gantry/storenode/commitlog"
)

// ErrTable says that bytes are no table of queues.
var ErrTable = errors.New("table of consume queues makes no sense")

// row is what a start needs to know of a queue to use it without looking at its files.
type row struct {
	id                     int32
	files                  bool // else first and last are 0
	fileBytes, first, last int64
	min, tailAt            Offset // the units from tailAt on are in memory only
	maxPhysical            commitlog.Offset
	tail                   []byte
}

// A row is rowBytes and then its units; the top bit of their number says that there are files.
const (
	rowBytes = 4 + 6*8 + 4
	rowFiles = 1 << 31
)

func (r row) append(dst []byte) []byte {
	be := binary.BigEndian
	dst = be.AppendUint32(dst, uint32(r.id))
	for _, n := range []int64{r.fileBytes, r.first, r.last, int64(r.min), int64(r.tailAt), int64(r.maxPhysical)} {
		dst = be.AppendUint64(dst, uint64(n))
	}
	units := uint32(len(r.tail) / UnitBytes)
	if r.files {
		units |= rowFiles
	}
	return append(be.AppendUint32(dst, units), r.tail...)
}

// decodeRow returns the row at the beginning of b, whose units it borrows, and what follows.
func decodeRow(b []byte) (r row, rest []byte, err error) {
	if len(b) < rowBytes {
		return row{}, nil, fmt.Errorf("%w: a queue in %d bytes", ErrTable, len(b))
	}
	be := binary.BigEndian
	n := func(field int) int64 { return int64(be.Uint64(b[4+8*field:])) }
	units := be.Uint32(b[rowBytes-4:])
	r = row{int32(be.Uint32(b)), units&rowFiles != 0, n(0), n(1), n(2), Offset(n(3)), Offset(n(4)), commitlog.Offset(n(5)), nil}
	bytes := int64(units&^rowFiles) * UnitBytes
	if b = b[rowBytes:]; bytes > int64(len(b)) {
		return row{}, nil, fmt.Errorf("%w: queue %d has %d bytes of units in %d", ErrTable, r.id, bytes, len(b))
	}
	r.tail = b[:bytes:bytes]
	return r, b[bytes:], r.check()
}

// check says what cannot be of a queue.
func (r row) check() error {
	limit := int64(0)
	if r.files {
		limit = (r.last + r.fileBytes) / UnitBytes
	}
	switch {
	case r.fileBytes <= 0 || r.fileBytes%UnitBytes != 0 || r.first < 0 || r.first%r.fileBytes != 0 || r.last < r.first || r.last%r.fileBytes != 0:
		return fmt.Errorf("%w: queue %d has files of %d bytes from %d to %d", ErrTable, r.id, r.fileBytes, r.first, r.last)
	case int64(r.min) < r.first/UnitBytes || r.min > r.tailAt+Offset(len(r.tail)/UnitBytes) || r.maxPhysical < 0:
		return fmt.Errorf("%w: queue %d has units from %d, of which %d are in memory from %d", ErrTable, r.id, r.min, len(r.tail)/UnitBytes, r.tailAt)
	case r.files && int64(r.tailAt) > limit || !r.files && len(r.tail) == 0:
		return fmt.Errorf("%w: queue %d has units up to %d in files up to %d", ErrTable, r.id, r.tailAt, limit)
	}
	return nil
}

// AppendTable appends what Restore takes: each queue, with the units that are not in a file yet. A queue that changes
// meanwhile stands in it as of some moment of the call. store's FORMAT.md describes the bytes.
func (qs *Queues) AppendTable(dst []byte) []byte {
	qs.mu.RLock()
	defer qs.mu.RUnlock()
	for topic, byID := range qs.topics {
		dst = appendTopic(dst, topic, byID)
	}
	return dst
}

func appendTopic(dst []byte, topic string, byID *ByID[*Queue]) []byte {
	begin := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(topic)))
	dst = append(dst, topic...)
	countAt := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	rows := 0
	for q := range byID.All {
		if r := q.row(); r.files || len(r.tail) > 0 {
			dst = r.append(dst)
			rows++
		}
	}
	if rows == 0 {
		return dst[:begin]
	}
	binary.BigEndian.PutUint32(dst[countAt:], uint32(rows))
	return dst
}

// row borrows the units in memory, which only ever grow or are replaced.
func (q *Queue) row() row {
	q.mu.Lock()
	defer q.mu.Unlock()
	return row{q.id, q.files, q.fileBytes, q.first, q.last, q.min, q.tailAt, q.maxPhysical, q.tail}
}

// Restore makes the queues of a table instead of Load, without a look at their files: whoever calls it knows that
// nobody has used them since. Error: ErrTable, and no queue is known then.
func (qs *Queues) Restore(table []byte) error {
	for rest := table; len(rest) > 0; {
		var err error
		if rest, err = qs.restoreTopic(rest); err != nil {
			qs.Forget()
			return err
		}
	}
	return nil
}

// Forget has no queue known any more; their files stay. It is for the time before Put.
func (qs *Queues) Forget() {
	qs.mu.Lock()
	defer qs.mu.Unlock()
	clear(qs.topics)
	qs.buffered.Store(0)
	qs.dirtyMu.Lock()
	defer qs.dirtyMu.Unlock()
	qs.dirty = nil
}

func (qs *Queues) restoreTopic(b []byte) (rest []byte, err error) {
	if len(b) < 2 {
		return nil, fmt.Errorf("%w: %d bytes are left", ErrTable, len(b))
	}
	length := int(binary.BigEndian.Uint16(b))
	if len(b) < 2+length+4 {
		return nil, fmt.Errorf("%w: a topic of %d bytes in %d", ErrTable, length, len(b))
	}
	topic := string(b[2 : 2+length])
	rows := int(binary.BigEndian.Uint32(b[2+length:]))
	b = b[2+length+4:]
	for range rows {
		var r row
		if r, b, err = decodeRow(b); err != nil {
			return nil, fmt.Errorf("topic %s: %w", topic, err)
		}
		qs.add(topic, r.id).restore(r)
	}
	return b, nil
}

func (q *Queue) restore(r row) {
	if r.files {
		q.owner.found.CompareAndSwap(0, r.fileBytes)
	}
	q.fileBytes, q.files, q.first, q.last = r.fileBytes, r.files, r.first, r.last
	q.min, q.tailAt, q.max = r.min, r.tailAt, r.tailAt+Offset(len(r.tail)/UnitBytes)
	q.maxPhysical = r.maxPhysical
	if len(r.tail) == 0 {
		return
	}
	q.tail, q.listed = slices.Clone(r.tail), true
	q.owner.buffered.Add(int64(len(q.tail)))
	q.owner.noteDirty(q)
}

// CheckFiles says what is wrong with the queue's files as far as their names and lengths tell, nil where nothing is. A
// file that goes meanwhile because it has expired is nothing wrong.
func (q *Queue) CheckFiles() error {
	q.mu.Lock()
	first, last, files := q.first, q.last, q.files
	q.mu.Unlock()
	for start := first; files && start <= last; start += q.fileBytes {
		info, err := q.owner.cfg.FS.Stat(q.path(start))
		if err == nil && info.Size == q.fileBytes || q.expired(start) {
			continue
		}
		if err == nil {
			err = fmt.Errorf("file %s has %d bytes", q.path(start), info.Size)
		}
		return err
	}
	return nil
}

// expired says that the file that begins at start is no longer the queue's.
func (q *Queue) expired(start int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.files || start < q.first
}
