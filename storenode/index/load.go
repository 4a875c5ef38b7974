package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"gantry/storenode/commitlog"
)

// Open opens the files in cfg.Dir. Those of another size are ignored, those whose header makes no sense removed.
func Open(cfg Config) (*Index, error) {
	x := &Index{cfg: cfg}
	entries, err := cfg.FS.List(cfg.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return x, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	for _, e := range entries {
		if path := filepath.Join(cfg.Dir, e.Name); e.Dir || !isFileName(e.Name) {
			cfg.Logger.Warn("ignored what is no index file", "file", path)
		} else if err := x.openFile(path); err != nil {
			return nil, errors.Join(fmt.Errorf("open index: %w", err), x.Close())
		}
	}
	return x, nil
}

func isFileName(name string) bool {
	if len(name) != 17 {
		return false
	}
	for _, c := range name {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func (x *Index) openFile(path string) error {
	opened, err := x.cfg.FS.Open(path)
	if err != nil {
		return err
	}
	f := &file{path: path, file: opened, slots: x.cfg.MaxHashSlotNum, items: x.cfg.MaxIndexNum}
	usable, err := x.readHeader(f)
	if err != nil || !usable {
		return errors.Join(err, opened.Close())
	}
	if reason := f.header.inspect(f.items, x.endOffsetLocked()); reason != nil {
		x.cfg.Logger.Warn("index file is damaged and removed", "file", path, "error", reason)
		return errors.Join(opened.Close(), x.cfg.FS.Remove(path))
	}
	x.files = append(x.files, f)
	return nil
}

// readHeader reads the header; false for a file of another size.
func (x *Index) readHeader(f *file) (usable bool, err error) {
	size, err := f.file.Size()
	if err != nil {
		return false, err
	}
	if size != x.cfg.fileBytes() {
		x.cfg.Logger.Warn("ignored index file of another size", "file", f.path, "bytes", size, "expected_bytes", x.cfg.fileBytes())
		return false, nil
	}
	var b [headerBytes]byte
	if _, err := f.file.ReadAt(b[:], 0); err != nil {
		return false, err
	}
	f.header = decodeHeader(b[:])
	return true, nil
}

// Rollback takes the items of all records from limit on out of the index, and what a killed process left unfinished. The
// indexer goes on with the record at limit. Files that are empty then are removed, one that contradicts itself, too.
func (x *Index) Rollback(limit commitlog.Offset) error {
	x.flushMu.Lock()
	defer x.flushMu.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	for len(x.files) > 0 {
		f := x.files[len(x.files)-1]
		if err := x.mapFile(f); err != nil {
			return err
		}
		var reason error
		if err := guarded(f.path, func() { reason = f.rollback(limit) }); err != nil {
			return err
		}
		if reason == nil && f.header.count > 1 {
			return nil
		}
		if reason != nil {
			x.cfg.Logger.Warn("index file is damaged and removed", "file", f.path, "error", reason)
		}
		x.files = x.files[:len(x.files)-1]
		x.retired = slices.DeleteFunc(x.retired, func(r *file) bool { return r == f })
		if err := errors.Join(f.close(), x.cfg.FS.Remove(f.path)); err != nil {
			return fmt.Errorf("remove index: %w", err)
		}
	}
	return nil
}

// rollback works through the mapping, from the newest item to the oldest.
func (f *file) rollback(limit commitlog.Offset) error {
	b, h := f.mapping.Bytes(), f.header
	if h.count < f.items {
		f.unlink(b, h.count) // a slot may point to it already
	}
	for ; h.count > 1; h.count-- {
		last := decodeItem(b[f.itemPos(h.count-1):])
		if err := last.inspect(h.count-1, h.endOffset); err != nil {
			return err
		}
		if last.offset < limit {
			h.endOffset = last.offset
			break
		}
		if f.unlink(b, h.count-1) {
			h.slotCount--
		}
	}
	if h.count < f.header.count && h.count > 1 {
		last := decodeItem(b[f.itemPos(h.count-1):])
		h.endTimestamp = min(h.endTimestamp, h.beginTimestamp+int64(last.timeDiff)*1000+999)
	}
	h.encode(b)
	f.header = h
	return nil
}

// unlink takes the item out of its slot, if it is the slot's newest; true when the slot is empty then.
func (f *file) unlink(b []byte, number int32) bool {
	i := decodeItem(b[f.itemPos(number):])
	if i.hash < 0 {
		return false
	}
	slot := b[f.slotPos(i.hash):][:slotBytes]
	if int32(binary.BigEndian.Uint32(slot)) != number {
		return false
	}
	previous := i.previous
	if previous < 0 || previous >= number {
		previous = 0
	}
	binary.BigEndian.PutUint32(slot, uint32(previous))
	return previous == 0
}

// Files lists the files' paths, oldest first.
func (x *Index) Files() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	paths := make([]string, len(x.files))
	for i, f := range x.files {
		paths[i] = f.path
	}
	return paths
}
