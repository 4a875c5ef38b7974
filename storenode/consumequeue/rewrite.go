package consumequeue

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// ErrReset says that a queue was emptied since its Generation was asked for.
var ErrReset = errors.New("queue was emptied meanwhile")

// Generation counts how often the queue was emptied: what was found out about its units before counts no more.
func (q *Queue) Generation() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.generation
}

// Written is the ordinal behind the last unit that lies in a file. Those from there on are in memory.
func (q *Queue) Written() Offset {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.tailAt
}

// Rewrite puts units in the place of those from number from on. What is not the queue's any more, or not yet, is left
// out; minimum and maximum stay. Errors: ErrReset, the file system's.
func (q *Queue) Rewrite(generation int, from Offset, units []byte) error {
	q.owner.writeMu.Lock()
	defer q.owner.writeMu.Unlock()
	for len(units) > 0 {
		n, err := q.rewritePiece(generation, from, units)
		if err != nil {
			return fmt.Errorf("rewrite consume queue %s at %d: %w", q.dir(), from, err)
		}
		from += Offset(n / UnitBytes)
		units = units[n:]
	}
	return nil
}

// rewritePiece rewrites as much as goes into one file, or all that is in memory. The caller holds writeMu, so that no
// unit moves from memory to a file meanwhile.
func (q *Queue) rewritePiece(generation int, from Offset, units []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if generation != q.generation {
		return 0, ErrReset
	}
	if from >= q.tailAt {
		q.rewriteTailLocked(from, units)
		return len(units), nil
	}
	offset := int64(from) * UnitBytes
	start := offset - offset%q.fileBytes
	units = units[:min(int64(len(units)), start+q.fileBytes-offset, int64(q.tailAt-from)*UnitBytes)]
	if q.files && start >= q.first {
		q.mu.Unlock()
		err := q.rewriteFile(start, offset, units)
		q.mu.Lock()
		if err != nil {
			return 0, err
		}
	}
	q.noteRewrittenLocked(from, units)
	return len(units), nil
}

func (q *Queue) rewriteFile(start, offset int64, units []byte) error {
	file, err := q.owner.cache.acquire(fileKey{q, start})
	if err != nil {
		return err
	}
	defer q.owner.cache.release(file)
	q.owner.noteUnsynced(fileKey{q, start})
	_, err = file.WriteAt(units, offset-start)
	return err
}

// rewriteTailLocked changes units in memory. A reader may hold the old slice, so a copy takes its place.
func (q *Queue) rewriteTailLocked(from Offset, units []byte) {
	at := int(from-q.tailAt) * UnitBytes
	if at >= len(q.tail) {
		return
	}
	tail := slices.Clone(q.tail)
	n := copy(tail[at:], units)
	q.tail = tail
	q.noteRewrittenLocked(from, units[:n])
}

// noteRewrittenLocked corrects what is known of the last unit.
func (q *Queue) noteRewrittenLocked(from Offset, units []byte) {
	last, end := from+Offset(len(units)/UnitBytes)-1, lastEnd(units)
	if end > 0 && last == q.max-1 {
		q.maxPhysical = end
	}
}

// Broken lists where those files begin that hold units of [from, to) and are missing or have not their length. Error:
// the file system's.
func (q *Queue) Broken(from, to Offset) ([]int64, error) {
	q.mu.Lock()
	first, to, files := q.first, min(to, q.tailAt), q.files
	q.mu.Unlock()
	var broken []int64
	start := int64(from) * UnitBytes / q.fileBytes * q.fileBytes
	for start = max(start, first); files && start < int64(to)*UnitBytes; start += q.fileBytes {
		info, err := q.owner.cfg.FS.Stat(q.path(start))
		switch {
		case errors.Is(err, fs.ErrNotExist) || err == nil && info.Size != q.fileBytes:
			broken = append(broken, start)
		case err != nil:
			return nil, err
		}
	}
	return broken, nil
}

// Remade is a file that Remake has begun to make.
type Remade struct {
	Queue *Queue
	Start int64 // byte offset of the file in its queue
}

// Remake makes the file that begins at start anew where it is missing; what is left of it stays. Until Seal it is one
// byte too long, so that a start that finds it sees that it is not whole. The units in it are for Rewrite.
func (q *Queue) Remake(start int64) error {
	q.owner.writeMu.Lock()
	defer q.owner.writeMu.Unlock()
	if err := q.remake(start); err != nil {
		return fmt.Errorf("make consume queue file %s again: %w", q.path(start), err)
	}
	return nil
}

// remake is Remake for who holds writeMu.
func (q *Queue) remake(start int64) error {
	if q.expired(start) {
		return nil
	}
	key, system := fileKey{q, start}, q.owner.cfg.FS
	q.owner.cache.drop(key) // it may be open and have no name any more
	file, err := system.Open(q.path(start))
	switch {
	case err == nil:
		err = file.Truncate(q.fileBytes + 1)
	case errors.Is(err, fs.ErrNotExist):
		if err = system.MkdirAll(q.dir()); err != nil {
			return err
		}
		if file, err = system.Create(q.path(start), q.fileBytes+1); err != nil {
			return err
		}
		q.owner.noteNewFile(q.dir())
		err = fillBlank(file, int64(q.Min())-start/UnitBytes)
	default:
		return err
	}
	q.owner.noteUnsynced(key)
	return errors.Join(err, file.Close())
}

// Seal makes remade files durable and gives them their length. Errors: that of an earlier sync that failed, the file
// system's.
func (qs *Queues) Seal(files []Remade) error {
	keys := make(map[fileKey]bool, len(files))
	for _, f := range files {
		keys[fileKey{f.Queue, f.Start}] = true
	}
	if err := qs.syncWritten(keys, nil); err != nil {
		return err
	}
	qs.writeMu.Lock()
	defer qs.writeMu.Unlock()
	for key := range keys {
		if err := qs.seal(key); err != nil {
			return fmt.Errorf("seal consume queue file %s: %w", key.queue.path(key.start), err)
		}
	}
	return nil
}

func (qs *Queues) seal(key fileKey) error {
	if key.queue.expired(key.start) {
		return nil
	}
	file, err := qs.cache.acquire(key)
	if err != nil {
		return err
	}
	defer qs.cache.release(file)
	qs.noteUnsynced(key)
	return file.Truncate(key.queue.fileBytes)
}
