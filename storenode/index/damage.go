package index

import (
	"errors"
	"fmt"
	"slices"

	"gantry/storenode/commitlog"
)

// DamageError says where an index file is not what it should be. TakeBack is the remedy.
type DamageError struct {
	File   string
	Offset int64 // in the file, bytes
	Err    error

	undone int // the index's when it was found
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("index file %s is damaged at byte %d: %v", e.File, e.Offset, e.Err)
}

func (e *DamageError) Unwrap() error { return e.Err }

func (f *file) damaged(offset int64, err error) *DamageError {
	return &DamageError{File: f.path, Offset: offset, Err: err}
}

// foundAt notes in an error that is a *DamageError when it was found.
func foundAt(undone int, err error) error {
	if err == nil {
		return nil
	}
	if found := (*DamageError)(nil); errors.As(err, &found) {
		found.undone = undone
	}
	return err
}

// EndBefore is the offset of the newest record in the files that are older than the damaged one; 0 where there are none. ok
// is false where that file has been taken back since it was found.
func (x *Index) EndBefore(found *DamageError) (end commitlog.Offset, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	at := x.findLocked(found)
	if at > 0 {
		end = x.files[at-1].header.endOffset
	}
	return end, at >= 0
}

// findLocked returns -1 where items were taken back since the damage was found: it may be gone.
func (x *Index) findLocked(found *DamageError) int {
	if found.undone != x.undone {
		return -1
	}
	return slices.IndexFunc(x.files, func(f *file) bool { return f.path == found.File })
}

// TakeBack removes the damaged file and all newer ones, and what the file before holds of its last record, which may go on
// in the one removed: next, where the indexer goes on. Queries under way end with the files they have. Error: the file
// system's.
func (x *Index) TakeBack(found *DamageError) (next commitlog.Offset, err error) {
	x.flushMu.Lock()
	defer x.flushMu.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	for at := x.findLocked(found); at >= 0 && len(x.files) > at; {
		if err := x.removeNewestLocked(); err != nil {
			return 0, err
		}
	}
	return x.rollbackLocked(x.endOffsetLocked())
}

// removeNewestLocked removes the newest file; a query under way may still read it. The caller holds flushMu, too.
func (x *Index) removeNewestLocked() error {
	f := x.files[len(x.files)-1]
	x.files = x.files[:len(x.files)-1]
	x.undone++
	if err := x.removeFileLocked(f); err != nil {
		return fmt.Errorf("remove index: %w", err)
	}
	return nil
}

// removeFileLocked removes a file that is no longer in files.
func (x *Index) removeFileLocked(f *file) error {
	x.retired = slices.DeleteFunc(x.retired, func(r *file) bool { return r == f })
	f.expired = true
	return errors.Join(x.cfg.FS.Remove(f.path), f.unmap(), f.closeUnread())
}
