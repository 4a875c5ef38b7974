package consumequeue

import (
	"fmt"
)

// Read fills dst with units from ordinal from on, as many as there are up to the end of their file, and returns their
// number; 0 where from is outside [Min, Max). Errors: *DamageError where a file is missing or too short, the file
// system's.
func (q *Queue) Read(from Offset, dst []byte) (units int, err error) {
	q.mu.Lock()
	if from < q.min || from >= q.max {
		q.mu.Unlock()
		return 0, nil
	}
	perFile := q.UnitsPerFile()
	end := min(from+Offset(len(dst)/UnitBytes), q.max, (from/perFile+1)*perFile)
	tail, tailAt := q.tail, q.tailAt
	q.mu.Unlock()

	fromFile := Offset(0)
	if from < tailAt {
		fromFile = min(end, tailAt) - from
		if err := q.readFile(from, dst[:fromFile*UnitBytes]); err != nil {
			if from < q.Min() || from >= q.Max() { // the file has gone meanwhile, as it should
				return 0, nil
			}
			return 0, fmt.Errorf("read consume queue %s at %d: %w", q.dir(), from, err)
		}
	}
	if at := from + fromFile; at < end {
		copy(dst[fromFile*UnitBytes:], tail[(at-tailAt)*UnitBytes:(end-tailAt)*UnitBytes])
	}
	return int(end - from), nil
}

func (q *Queue) readFile(from Offset, dst []byte) error {
	at := int64(from) * UnitBytes
	start := at - at%q.fileBytes
	file, err := q.owner.cache.acquire(fileKey{q, start})
	if err != nil {
		return q.lost(start, err)
	}
	defer q.owner.cache.release(file)
	if n, err := file.ReadAt(dst, at-start); n < len(dst) {
		return q.lost(start, err)
	}
	return nil
}

// Unit reads one unit; ok is false outside [Min, Max).
func (q *Queue) Unit(at Offset) (u Unit, ok bool, err error) {
	var b [UnitBytes]byte
	n, err := q.Read(at, b[:])
	if n == 0 || err != nil {
		return Unit{}, false, err
	}
	return DecodeUnit(b[:]), true, nil
}
