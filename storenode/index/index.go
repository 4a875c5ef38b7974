// Package index finds messages by key: files of hashed keys that point into the commit log, in the Java broker's bytes
// (FORMAT.md).
//
// store's indexer puts each record's keys in, in the order of the log, and can do so again from any place: a missing or
// damaged file costs answers until it is made again, never a start. Only the newest file is mapped, for writing; what
// lies behind its head is given back to the kernel, so that the index takes some tens of MiB of memory at most, and a
// page the disk has no room for is an error, not a signal. Queries read with the file system. It knows no records: what
// it returns are offsets whose keys probably match.
package index

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

// Config is what an Index is built from.
type Config struct {
	FS             vfs.FS
	Logger         *slog.Logger
	Dir            string // <storePathRootDir>/index
	MaxHashSlotNum int32
	MaxIndexNum    int32

	// OnDamage is told of a file that contradicts itself in a query, which goes on with the others. It must not call back.
	OnDamage func(*DamageError)
}

func (c *Config) fileBytes() int64 {
	return headerBytes + int64(c.MaxHashSlotNum)*slotBytes + int64(c.MaxIndexNum)*itemBytes
}

// Index is all index files of a store. Put, Rollback, TakeBack and Close are for one goroutine, the indexer; everything else may
// be called concurrently.
type Index struct {
	cfg Config
	key []byte // Put's buffer

	mu     sync.Mutex // guards files and their headers, and what is written into the newest; never held across a sync
	files  []*file    // oldest first; all but the last are full or were left unfinished by another process
	undone int        // counts what has taken items back; guarded by mu

	flushMu sync.Mutex // one flush at a time; taken first
	retired []*file    // full, still mapped until the next flush; guarded by mu
	failed  error      // a flush failed: nothing since counts as durable; guarded by flushMu
}

// Put indexes a record of the topic: by its UNIQ_KEY, where it has one, and by each word of its KEYS. Records before
// EndOffset are in already and skipped. An error, a full disk for instance, leaves some of the record's keys in; call
// Rollback with the record's offset before it is put again.
func (x *Index) Put(topic, uniqKey, keys []byte, offset commitlog.Offset, storeTimestamp int64) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if offset < x.endOffsetLocked() {
		return nil
	}
	if len(uniqKey) > 0 {
		if err := x.putKey(topic, uniqKey, offset, storeTimestamp); err != nil {
			return err
		}
	}
	for len(keys) > 0 {
		var word []byte
		if word, keys = cutWord(keys); len(word) == 0 {
			continue
		}
		if err := x.putKey(topic, word, offset, storeTimestamp); err != nil {
			return err
		}
	}
	return nil
}

func cutWord(keys []byte) (word, rest []byte) {
	for i, c := range keys {
		if c == ' ' {
			return keys[:i], keys[i+1:]
		}
	}
	return keys, nil
}

func (x *Index) putKey(topic, key []byte, offset commitlog.Offset, storeTimestamp int64) error {
	f, err := x.headLocked()
	if err != nil {
		return err
	}
	x.key = append(append(append(x.key[:0], topic...), '#'), key...)
	hash := keyHash(x.key)
	if err := guarded(f.path, func() { f.put(hash, offset, storeTimestamp) }); err != nil {
		return err
	}
	return f.forget()
}

// headLocked returns the file to write to, mapped, making a new one where the newest is full.
func (x *Index) headLocked() (*file, error) {
	if len(x.files) > 0 {
		if head := x.files[len(x.files)-1]; !head.full() {
			return head, x.mapFile(head)
		}
	}
	return x.addFile()
}

func (x *Index) mapFile(f *file) error {
	if f.mapping != nil {
		return nil
	}
	mapping, err := f.file.Map(int(x.cfg.fileBytes()))
	if err != nil {
		return fmt.Errorf("map index: %w", err)
	}
	f.mapping = mapping
	return nil
}

func (x *Index) addFile() (*file, error) {
	if err := x.cfg.FS.MkdirAll(x.cfg.Dir); err != nil {
		return nil, fmt.Errorf("create index: %w", err)
	}
	path := x.freePath(time.Now())
	opened, err := x.cfg.FS.Create(path, x.cfg.fileBytes())
	if err != nil {
		return nil, fmt.Errorf("create index: %w", err)
	}
	f := &file{path: path, file: opened, slots: x.cfg.MaxHashSlotNum, items: x.cfg.MaxIndexNum, header: header{count: 1}}
	if err := x.mapFile(f); err != nil {
		return nil, errors.Join(err, opened.Close(), x.cfg.FS.Remove(path))
	}
	if len(x.files) > 0 {
		before := x.files[len(x.files)-1]
		f.header.beginTimestamp, f.header.endTimestamp = before.header.endTimestamp, before.header.endTimestamp
		f.header.beginOffset, f.header.endOffset = before.header.endOffset, before.header.endOffset
		if before.mapping != nil {
			x.retired = append(x.retired, before)
		}
	}
	x.files = append(x.files, f)
	return f, nil
}

// freePath names a file after the time; names must be distinct and ascending.
func (x *Index) freePath(now time.Time) string {
	for {
		path := filepath.Join(x.cfg.Dir, fileName(now))
		if len(x.files) == 0 || path > x.files[len(x.files)-1].path {
			return path
		}
		now = now.Add(time.Millisecond)
	}
}

func fileName(t time.Time) string {
	return t.Format("20060102150405") + fmt.Sprintf("%03d", t.Nanosecond()/1e6)
}

// EndOffset is the offset of the newest record indexed, 0 in an empty index.
func (x *Index) EndOffset() commitlog.Offset {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.endOffsetLocked()
}

func (x *Index) endOffsetLocked() commitlog.Offset {
	if len(x.files) == 0 {
		return 0
	}
	return x.files[len(x.files)-1].header.endOffset
}

// Flush makes durable what was put before and returns the storeTimestamp (ms) up to which the index has everything. It
// fails for good after a failure, as what the kernel then holds for clean is not on the disk.
func (x *Index) Flush() (storeTimestamp int64, err error) {
	x.flushMu.Lock()
	defer x.flushMu.Unlock()
	if x.failed != nil {
		return 0, x.failed
	}
	x.mu.Lock()
	files := append([]*file(nil), x.retired...)
	if len(x.files) > 0 {
		head := x.files[len(x.files)-1]
		storeTimestamp = head.header.endTimestamp
		files = append(files, head)
	}
	x.mu.Unlock()
	for _, f := range files {
		if err := x.flushFile(f); err != nil {
			x.failed = fmt.Errorf("flush index: %w", err)
			return 0, x.failed
		}
	}
	if len(files) > 0 {
		err = x.cfg.FS.SyncDir(x.cfg.Dir)
	}
	return storeTimestamp, err
}

// flushFile syncs the file; one that is full is written no more and loses its mapping. The caller holds flushMu: nobody
// else closes a mapping meanwhile.
func (x *Index) flushFile(f *file) error {
	x.mu.Lock()
	mapping := f.mapping
	x.mu.Unlock()
	if mapping == nil {
		return nil
	}
	if err := mapping.Sync(); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for i, retired := range x.retired {
		if retired == f {
			x.retired = append(x.retired[:i], x.retired[i+1:]...)
			f.mapping = nil
			return mapping.Close()
		}
	}
	return nil
}

// Close closes all files, without a flush.
func (x *Index) Close() error {
	x.flushMu.Lock()
	defer x.flushMu.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	var errs []error
	for _, f := range x.files {
		errs = append(errs, f.close())
	}
	x.files, x.retired = nil, nil
	return errors.Join(errs...)
}

func (f *file) close() error { return errors.Join(f.unmap(), f.file.Close()) }

func (f *file) unmap() error {
	if f.mapping == nil {
		return nil
	}
	mapping := f.mapping
	f.mapping = nil
	return mapping.Close()
}
