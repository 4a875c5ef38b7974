package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"gantry/storenode/commitlog"
)

// Open opens the files in cfg.Dir. Those of another size are ignored. One that contradicts itself is removed together with
// all newer ones, so that what is left is whole and EndOffset says from where on it is to be indexed again.
func Open(cfg Config) (*Index, error) {
	x := &Index{cfg: cfg}
	entries, err := cfg.FS.List(cfg.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return x, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	var damaged string // the first file that is
	for _, e := range entries {
		path := filepath.Join(cfg.Dir, e.Name)
		if e.Dir || !isFileName(e.Name) {
			cfg.Logger.Warn("ignored what is no index file", "file", path)
		} else if damaged, err = x.openFile(path, damaged); err != nil {
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

// openFile takes the file into the index, or removes it: it contradicts itself, or damaged, an older one, has. It returns
// the oldest that has.
func (x *Index) openFile(path, damaged string) (string, error) {
	opened, err := x.cfg.FS.Open(path)
	if err != nil {
		return damaged, err
	}
	f := &file{path: path, file: opened, slots: x.cfg.MaxHashSlotNum, items: x.cfg.MaxIndexNum}
	usable, err := x.readHeader(f)
	if err != nil || !usable {
		return damaged, errors.Join(err, opened.Close())
	}
	if damaged != "" {
		x.cfg.Logger.Warn("index file behind a damaged one is made again, too", "file", path, "damaged", damaged)
		return damaged, errors.Join(opened.Close(), x.cfg.FS.Remove(path))
	}
	reason, err := f.inspect(x.endOffsetLocked())
	if err != nil {
		return "", errors.Join(err, opened.Close())
	}
	if reason != nil {
		x.reportLocked(reason)
		return path, errors.Join(opened.Close(), x.cfg.FS.Remove(path))
	}
	x.files = append(x.files, f)
	return "", nil
}

// inspect says what contradicts itself in the header, or between it and the first and the last item. err is that of
// reading.
func (f *file) inspect(endBefore commitlog.Offset) (reason *DamageError, err error) {
	if err := f.header.inspect(f.items, endBefore); err != nil {
		return f.damaged(0, err), nil
	}
	if f.header.count <= 1 {
		return nil, nil
	}
	for _, end := range []struct {
		number int32
		offset commitlog.Offset
	}{{1, f.header.beginOffset}, {f.header.count - 1, f.header.endOffset}} {
		var b [itemBytes]byte
		if _, err := f.file.ReadAt(b[:], f.itemPos(end.number)); err != nil {
			return nil, err
		}
		if i := decodeItem(b[:]); i.offset != end.offset {
			return f.damaged(f.itemPos(end.number), fmt.Errorf("%w: item %d is of the record at %d, the header names %d",
				ErrContradiction, end.number, i.offset, end.offset)), nil
		}
	}
	return nil, nil
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

// Rollback takes the items of all records from limit on out of the index, and what a killed process left unfinished. Files
// that are empty then are removed. One that contradicts itself is removed whole, so that next, the record that the indexer
// goes on with, may lie before limit.
func (x *Index) Rollback(limit commitlog.Offset) (next commitlog.Offset, err error) {
	x.flushMu.Lock()
	defer x.flushMu.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.rollbackLocked(limit)
}

func (x *Index) rollbackLocked(limit commitlog.Offset) (next commitlog.Offset, err error) {
	x.undone++
	for len(x.files) > 0 {
		f := x.files[len(x.files)-1]
		if err := x.mapFile(f); err != nil {
			return limit, err
		}
		var reason *DamageError
		if err := guarded(f.path, func() { reason = f.rollback(limit) }); err != nil {
			return limit, err
		}
		if reason == nil && f.header.count > 1 {
			return limit, nil
		}
		if err := x.removeNewestLocked(); err != nil {
			return limit, err
		}
		if reason != nil {
			x.reportLocked(reason)
			limit = min(limit, x.endOffsetLocked())
		}
	}
	return limit, nil
}

func (x *Index) reportLocked(found *DamageError) {
	x.cfg.Logger.Error("index file is damaged and made again from the commit log", "file", found.File, "offset", found.Offset, "error", found.Err)
}

// rollback works through the mapping, from the newest item to the oldest.
func (f *file) rollback(limit commitlog.Offset) *DamageError {
	b, h := f.mapping.Bytes(), f.header
	if h.count < f.items {
		f.unlink(b, h.count) // a slot may point to it already
	}
	for ; h.count > 1; h.count-- {
		last := decodeItem(b[f.itemPos(h.count-1):])
		if err := last.inspect(h.count-1, &h); err != nil {
			return f.damaged(f.itemPos(h.count-1), err)
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
