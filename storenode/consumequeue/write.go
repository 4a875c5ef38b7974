package consumequeue

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

// syncEachLimit is up to how many files are synced one by one; more are left to one sync of the file system.
const syncEachLimit = 64

func (qs *Queues) noteDirty(q *Queue) {
	qs.dirtyMu.Lock()
	defer qs.dirtyMu.Unlock()
	qs.dirty = append(qs.dirty, q)
}

// InMemory is how many queues have units in memory.
func (qs *Queues) InMemory() int {
	qs.dirtyMu.Lock()
	defer qs.dirtyMu.Unlock()
	return len(qs.dirty)
}

// Full says that the units in memory have reached their bound: call Write before the next Put.
func (qs *Queues) Full() bool { return qs.buffered.Load() >= qs.cfg.MaxBufferedBytes }

// Write writes the units in memory of every queue that has at least leastBytes of them. On an error, a full disk for
// instance, what is not written stays in memory for the next call.
func (qs *Queues) Write(leastBytes int) error {
	qs.writeMu.Lock()
	defer qs.writeMu.Unlock()
	qs.dirtyMu.Lock()
	dirty := qs.dirty
	qs.dirty = nil
	qs.dirtyMu.Unlock()
	var failed error
	kept := dirty[:0]
	for _, q := range dirty {
		if failed == nil {
			failed = q.writeTail(leastBytes)
		}
		if q.stillDirty() {
			kept = append(kept, q)
		}
	}
	clear(dirty[len(kept):])
	qs.dirtyMu.Lock()
	qs.dirty = append(kept, qs.dirty...)
	qs.dirtyMu.Unlock()
	return failed
}

// stillDirty says whether the queue has units in memory; if not it leaves the list.
func (q *Queue) stillDirty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.listed = len(q.tail) > 0
	return q.listed
}

// writeTail writes what is in memory, if that is at least least bytes. The caller holds writeMu: there is one writer,
// and tail only grows meanwhile.
func (q *Queue) writeTail(least int) error {
	q.mu.Lock()
	tail, at := q.tail, q.tailAt
	q.mu.Unlock()
	if len(tail) == 0 || len(tail) < least {
		return nil
	}
	for len(tail) > 0 {
		n, err := q.writePiece(tail, at)
		if err != nil {
			return fmt.Errorf("write consume queue %s at %d: %w", q.dir(), at, err)
		}
		tail = tail[n:]
		at += Offset(n / UnitBytes)
		q.forget(n)
	}
	return nil
}

// forget drops n bytes from the front of the units in memory. A reader may hold the old slice, so it is not reused.
func (q *Queue) forget(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	rest := q.tail[n:]
	q.tail = nil
	if len(rest) > 0 {
		q.tail = append(make([]byte, 0, 2*len(rest)), rest...)
	}
	q.tailAt += Offset(n / UnitBytes)
	q.owner.buffered.Add(-int64(n))
}

// lastEnd is where the last record of the units ends; 0 where all are blank.
func lastEnd(units []byte) commitlog.Offset {
	for at := len(units) - UnitBytes; at >= 0; at -= UnitBytes {
		if end := DecodeUnit(units[at:]).end(); end > 0 {
			return end
		}
	}
	return 0
}

// writePiece writes as much of the units as goes into the file that at belongs to.
func (q *Queue) writePiece(units []byte, at Offset) (int, error) {
	offset := int64(at) * UnitBytes
	start := offset - offset%q.fileBytes
	units = units[:min(int64(len(units)), start+q.fileBytes-offset)]
	file, err := q.fileForWriting(start, offset)
	if err != nil {
		return 0, err
	}
	defer q.owner.cache.release(file)
	if _, err := file.WriteAt(units, offset-start); err != nil {
		return 0, err
	}
	q.owner.noteUnsynced(fileKey{q, start})
	return len(units), nil
}

// fileForWriting returns the file that begins at start, making it where it is not there.
func (q *Queue) fileForWriting(start, offset int64) (*cachedFile, error) {
	q.mu.Lock()
	exists := q.files && start >= q.first && start <= q.last
	q.mu.Unlock()
	if exists {
		return q.existingForWriting(start)
	}
	file, err := q.create(start, offset)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.files {
		q.first = start
	}
	q.files, q.last = true, start
	return file, nil
}

// existingForWriting returns a file that must be there. If it is not, it is made anew so that the writing goes on, and what
// was in it is reported.
func (q *Queue) existingForWriting(start int64) (*cachedFile, error) {
	file, err := q.owner.cache.acquire(fileKey{q, start})
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	lost := q.lost(start, err)
	if err := q.remake(start); err != nil {
		return nil, err
	}
	q.owner.cfg.OnDamage(lost)
	return q.owner.cache.acquire(fileKey{q, start})
}

// create makes the file; where its first unit is not the first of the file, blanks come before it.
func (q *Queue) create(start, offset int64) (*cachedFile, error) {
	if err := q.owner.cfg.FS.MkdirAll(q.dir()); err != nil {
		return nil, err
	}
	path := q.path(start)
	if err := q.owner.cfg.FS.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err // a file recovery did not count as the queue's
	}
	file, err := q.owner.cfg.FS.Create(path, q.fileBytes)
	if err != nil {
		return nil, err
	}
	if err := fillBlank(file, (offset-start)/UnitBytes); err != nil {
		return nil, errors.Join(err, file.Close(), q.owner.cfg.FS.Remove(path))
	}
	q.owner.noteNewFile(q.dir())
	return q.owner.cache.add(fileKey{q, start}, file), nil
}

// fillBlank writes so many blanks to the beginning of the file.
func fillBlank(file vfs.File, units int64) error {
	if units <= 0 {
		return nil
	}
	_, err := file.WriteAt(bytes.Repeat(AppendUnit(nil, blank), int(units)), 0)
	return err
}

func (qs *Queues) noteUnsynced(key fileKey) {
	qs.dirtyMu.Lock()
	defer qs.dirtyMu.Unlock()
	qs.unsynced[key] = true
}

func (qs *Queues) noteNewFile(dir string) {
	qs.dirtyMu.Lock()
	defer qs.dirtyMu.Unlock()
	topicDir := filepath.Dir(dir)
	qs.newDirs[dir], qs.newDirs[topicDir], qs.newDirs[filepath.Dir(topicDir)] = true, true, true
}

// Sync makes durable what Write has written before. After a failure it fails for good: the kernel does not tell twice,
// so from then on the queues count as durable no further than they were.
func (qs *Queues) Sync() error {
	qs.dirtyMu.Lock()
	files, dirs := qs.unsynced, qs.newDirs
	qs.unsynced, qs.newDirs = map[fileKey]bool{}, map[string]bool{}
	qs.dirtyMu.Unlock()
	return qs.syncWritten(files, dirs)
}

// syncWritten syncs the files and folders, if no sync has failed before.
func (qs *Queues) syncWritten(files map[fileKey]bool, dirs map[string]bool) error {
	qs.dirtyMu.Lock()
	err := qs.syncErr
	qs.dirtyMu.Unlock()
	if err != nil {
		return err
	}
	if err = qs.syncFiles(files, dirs); err != nil {
		err = fmt.Errorf("sync consume queues: %w", err)
		qs.dirtyMu.Lock()
		qs.syncErr = err
		qs.dirtyMu.Unlock()
	}
	return err
}

func (qs *Queues) syncFiles(files map[fileKey]bool, dirs map[string]bool) error {
	if len(files)+len(dirs) > syncEachLimit {
		return qs.cfg.FS.SyncAll(qs.cfg.Dir)
	}
	for key := range files {
		if err := qs.syncFile(key); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for dir := range dirs {
		if err := qs.cfg.FS.SyncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (qs *Queues) syncFile(key fileKey) error {
	file, err := qs.cache.acquire(key)
	if err != nil {
		return err
	}
	defer qs.cache.release(file)
	return file.Sync()
}

func (qs *Queues) removeFile(key fileKey) error {
	if err := qs.cfg.BeforeRemove(); err != nil {
		return err
	}
	qs.cache.drop(key)
	if err := qs.cfg.FS.Remove(key.queue.path(key.start)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (qs *Queues) removeDir(dir string) error {
	err := qs.cfg.FS.Remove(dir)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if entries, listErr := qs.cfg.FS.List(dir); listErr == nil && len(entries) > 0 {
		return nil // something foreign lies in it
	}
	return err
}
