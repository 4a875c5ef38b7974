package consumequeue

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"gantry/storenode/commitlog"
)

// Bounds says how much of what lies on disk counts.
type Bounds struct {
	Min      commitlog.Offset // units of records before it lie below their queue's minimum
	Limit    commitlog.Offset // units of records from here on are cut
	Distrust bool             // look for stray bytes behind the end, as after an unclean stop

	cut bool // what lies behind the end is known to
}

// Load finds the queues on disk. It reads a few units of each: where the written ones end is found by halving. Queues
// whose files make no sense are removed and reported as damaged, to be made again from the log; only input and output
// errors fail it.
func (qs *Queues) Load(bounds Bounds) (damaged int, err error) {
	dirs, err := qs.queueDirs()
	if err != nil {
		return 0, fmt.Errorf("load consume queues: %w", err)
	}
	var bad atomic.Int64
	err = qs.each(dirs, func(q *Queue) error {
		damaged, err := q.load(bounds)
		if damaged {
			bad.Add(1)
		}
		return err
	})
	qs.dropEmpty(dirs)
	return int(bad.Load()), err
}

// Each calls do for every queue there is now, several at a time, and returns the first error there was.
func (qs *Queues) Each(do func(*Queue) error) error { return qs.each(qs.All(), do) }

func (qs *Queues) each(queues []*Queue, do func(*Queue) error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var workers sync.WaitGroup
	for range max(1, qs.cfg.LoadWorkers) {
		workers.Go(func() {
			for failed.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(queues) {
					return
				}
				if err := do(queues[i]); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	workers.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// queueDirs makes a queue for each <topic>/<queueId> folder.
func (qs *Queues) queueDirs() ([]*Queue, error) {
	topics, err := qs.cfg.FS.List(qs.cfg.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []*Queue
	for _, topic := range topics {
		if !topic.Dir {
			continue
		}
		ids, err := qs.cfg.FS.List(filepath.Join(qs.cfg.Dir, topic.Name))
		if err != nil {
			return nil, err
		}
		for _, entry := range ids {
			id, err := strconv.ParseInt(entry.Name, 10, 32)
			if err == nil && entry.Dir {
				found = append(found, qs.add(topic.Name, int32(id)))
			}
		}
	}
	return found, nil
}

// dropEmpty forgets queues of which nothing was found: they are made anew with the size that the others have.
func (qs *Queues) dropEmpty(queues []*Queue) {
	qs.mu.Lock()
	defer qs.mu.Unlock()
	for _, q := range queues {
		if q.files {
			continue
		}
		if qs.topics[q.topic].Set(q.id, nil); qs.topics[q.topic].Empty() {
			delete(qs.topics, q.topic)
		}
	}
}

// load reads the queue's folder. Nobody else knows the queue yet.
func (q *Queue) load(bounds Bounds) (damaged bool, err error) {
	starts, err := q.listFiles()
	if err != nil || len(starts) == 0 {
		return false, err
	}
	if reason := q.inspect(starts); reason != nil {
		return true, q.forgetDamaged(starts, reason)
	}
	if err = q.findEnd(starts, bounds); err == nil && q.files {
		err = q.findMin(bounds.Min)
	}
	if err == nil && q.files {
		err = q.checkEnd()
	}
	if errors.Is(err, errMisled) {
		return true, q.forgetDamaged(starts, err)
	}
	return false, err
}

// forgetDamaged removes the queue's files, so that it is made again from the log.
func (q *Queue) forgetDamaged(starts []int64, reason error) error {
	q.owner.cfg.Logger.Warn("consume queue is damaged and will be made again from the commit log", "topic", q.topic, "queue_id", q.id, "error", reason)
	q.files, q.first, q.last = false, 0, 0
	q.min, q.max, q.tailAt, q.maxPhysical = 0, 0, 0, 0
	return q.removeFiles(starts)
}

func (q *Queue) listFiles() ([]int64, error) {
	entries, err := q.owner.cfg.FS.List(q.dir())
	if err != nil {
		return nil, err
	}
	var starts []int64
	for _, e := range entries {
		if start, ok := parseFileName(e.Name); ok && !e.Dir {
			starts = append(starts, start)
		} else {
			q.owner.cfg.Logger.Warn("ignored what is no consume queue file", "file", filepath.Join(q.dir(), e.Name))
		}
	}
	return starts, nil
}

// inspect takes the size of the first file for the queue's and says what does not fit to it.
func (q *Queue) inspect(starts []int64) error {
	for i, start := range starts {
		info, err := q.owner.cfg.FS.Stat(q.path(start))
		if err != nil {
			return err
		}
		if i == 0 {
			q.fileBytes = info.Size
		}
		switch {
		case info.Size == 0 || info.Size%UnitBytes != 0 || info.Size != q.fileBytes:
			q.fileBytes = q.owner.newFileBytes()
			return fmt.Errorf("file %s has %d bytes", fileName(start), info.Size)
		case start%q.fileBytes != 0 || i > 0 && start != starts[i-1]+q.fileBytes:
			q.fileBytes = q.owner.newFileBytes()
			return fmt.Errorf("file %s does not follow the one before it", fileName(start))
		}
	}
	q.owner.found.CompareAndSwap(0, q.fileBytes)
	return nil
}

// findEnd finds the last unit that counts and cuts what lies behind it.
func (q *Queue) findEnd(starts []int64, bounds Bounds) error {
	for i := len(starts) - 1; i >= 0; i-- {
		units, last, err := q.countUnits(starts[i], bounds)
		if err != nil {
			return err
		}
		if units == 0 {
			if err := q.removeFiles(starts[i : i+1]); err != nil {
				return err
			}
			continue
		}
		q.files, q.first, q.last = true, starts[0], starts[i]
		q.min = Offset(q.first / UnitBytes)
		q.max = Offset(q.last/UnitBytes) + Offset(units)
		q.tailAt, q.maxPhysical = q.max, last.end()
		return nil
	}
	return nil
}

// countUnits finds how many units at the front of a file count, and the last of them. What counts is a run at the
// front: behind it lie zeros, units from Limit on, or, after a power loss, anything but units of records before Limit.
func (q *Queue) countUnits(start int64, bounds Bounds) (units int, last Unit, err error) {
	file, err := q.owner.cache.acquire(fileKey{q, start})
	if err != nil {
		return 0, Unit{}, err
	}
	defer q.owner.cache.release(file)
	units, err = searchUnits(file, 0, int(q.fileBytes/UnitBytes), func(u Unit) bool {
		return !u.written() || !u.Blank() && u.Physical >= bounds.Limit
	})
	if err != nil {
		return 0, Unit{}, err
	}
	if units > 0 {
		var b [UnitBytes]byte
		if _, err := file.ReadAt(b[:], int64(units-1)*UnitBytes); err != nil {
			return 0, Unit{}, err
		}
		last = DecodeUnit(b[:])
	}
	if !bounds.cut {
		err = checkBehind(file, units, q.fileBytes, last, bounds)
	}
	if err != nil || units == 0 {
		return 0, Unit{}, err
	}
	return units, last, cutBehind(file, int64(units)*UnitBytes, q.fileBytes, bounds.Distrust)
}

// searchUnits returns the first unit of [from, to) for which found holds, to if there is none; found must hold for all
// units behind one it holds for.
func searchUnits(file *cachedFile, from, to int, found func(Unit) bool) (int, error) {
	var b [UnitBytes]byte
	for from < to {
		middle := (from + to) / 2
		if _, err := file.ReadAt(b[:], int64(middle)*UnitBytes); err != nil {
			return 0, err
		}
		if found(DecodeUnit(b[:])) {
			to = middle
		} else {
			from = middle + 1
		}
	}
	return from, nil
}

// cutBehind makes the file zeros from at on, if it is not.
func cutBehind(file *cachedFile, at, fileBytes int64, distrust bool) error {
	look := int64(UnitBytes)
	if distrust {
		look = pageBytes - at%pageBytes
	}
	b := make([]byte, min(look, fileBytes-at))
	if _, err := file.ReadAt(b, at); err != nil {
		return err
	}
	dirty := !allZero(b)
	if !dirty && distrust && at+int64(len(b)) < fileBytes {
		var err error
		if dirty, err = file.DataFrom(at + int64(len(b))); err != nil {
			return err
		}
	}
	if !dirty {
		return nil
	}
	return errors.Join(file.Truncate(at), file.Truncate(fileBytes))
}

const pageBytes = 4096

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

func (q *Queue) removeFiles(starts []int64) error {
	for _, start := range starts {
		if err := q.owner.removeFile(fileKey{q, start}); err != nil {
			return err
		}
	}
	return nil
}

// findMin finds the first unit whose record is still in the log.
func (q *Queue) findMin(minPhysical commitlog.Offset) error {
	for start := q.first; start <= q.last; start += q.fileBytes {
		count := min(int(q.fileBytes/UnitBytes), int(q.max)-int(start/UnitBytes))
		file, err := q.owner.cache.acquire(fileKey{q, start})
		if err != nil {
			return err
		}
		units, err := searchUnits(file, 0, count, func(u Unit) bool { return !u.Blank() && u.Physical >= minPhysical })
		q.owner.cache.release(file)
		if err != nil {
			return err
		}
		q.min = Offset(start/UnitBytes) + Offset(units)
		if units < count {
			break
		}
	}
	return q.checkMin(minPhysical)
}

// Truncate cuts the queue's units of records from limit on: the log ends there. It is for the time before Put.
func (q *Queue) Truncate(limit commitlog.Offset) error {
	if q.MaxPhysical() <= limit {
		return nil
	}
	starts := []int64{}
	for start := q.first; start <= q.last; start += q.fileBytes {
		starts = append(starts, start)
	}
	lowest := q.min
	q.files, q.min, q.max, q.tailAt, q.maxPhysical = false, 0, 0, 0, 0
	if err := q.findEnd(starts, Bounds{Limit: limit, Distrust: true, cut: true}); err != nil {
		return fmt.Errorf("cut consume queue %s: %w", q.dir(), err)
	}
	q.min = min(lowest, q.max)
	return nil
}
