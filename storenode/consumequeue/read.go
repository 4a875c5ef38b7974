package consumequeue

import (
	"fmt"

	"gantry/storenode/vfs"
)

// Read fills dst with units from ordinal from on, as many as there are up to the end of their file, and returns their
// number; 0 where from is outside [Min, Max). Errors: *DamageError where a file is missing or too short, the file
// system's.
func (q *Queue) Read(from Offset, dst []byte) (units int, err error) {
	units, err = q.read(from, dst, q.readFile)
	switch {
	case err == nil:
		return units, nil
	case from < q.Min() || from >= q.Max(): // the file has gone meanwhile, as it should
		return 0, nil
	}
	return 0, fmt.Errorf("read consume queue %s at %d: %w", q.dir(), from, err)
}

// ReadNow is Read of what is in memory. Error: vfs.ErrWouldWait where anything else is to be said, which Read says.
func (q *Queue) ReadNow(from Offset, dst []byte) (units int, err error) {
	return q.read(from, dst, q.readFileNow)
}

func (q *Queue) read(from Offset, dst []byte, readFile func(Offset, []byte) error) (units int, err error) {
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
		if err := readFile(from, dst[:fromFile*UnitBytes]); err != nil {
			return 0, err
		}
	}
	if at := from + fromFile; at < end {
		copy(dst[fromFile*UnitBytes:], tail[(at-tailAt)*UnitBytes:(end-tailAt)*UnitBytes])
	}
	return int(end - from), nil
}

// fileOf says which file holds the unit, by the byte offset it begins at, and where in it.
func (q *Queue) fileOf(unit Offset) (start, at int64) {
	at = int64(unit) * UnitBytes % q.fileBytes
	return int64(unit)*UnitBytes - at, at
}

func (q *Queue) readFile(from Offset, dst []byte) error {
	start, at := q.fileOf(from)
	file, err := q.owner.cache.acquire(fileKey{q, start})
	if err != nil {
		return q.lost(start, err)
	}
	defer q.owner.cache.release(file)
	if n, err := file.ReadAt(dst, at); n < len(dst) {
		return q.lost(start, err)
	}
	return nil
}

func (q *Queue) readFileNow(from Offset, dst []byte) error {
	start, at := q.fileOf(from)
	file := q.owner.cache.acquireOpen(fileKey{q, start})
	if file == nil {
		return vfs.ErrWouldWait
	}
	defer q.owner.cache.release(file)
	_, err := file.ReadNow(dst, at)
	return err
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
