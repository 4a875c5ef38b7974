package timer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"

	"gantry/storenode/vfs"
)

// A run is a file of entries in order (FORMAT.md). It is written once, read from front to back, and removed when all of
// it is delivered.
const (
	blockBytes   = 4096
	blockHead    = 8 // checksum of the rest, number of entries
	blockEntries = (blockBytes - blockHead - 8) / entryBytes
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamaged is wrapped where a run is not as it was written; the queue of Topic has what it held.
var errDamaged = errors.New("file of timer messages is damaged")

// run is a file that is read; the block with its next entry is in memory.
type run struct {
	number  int64 // its name, and in each of its blocks
	entries int   // in the file
	next    int   // of them, the first that is not delivered

	block   []entry
	blockAt int // index of the block's first entry; -1 where none is read
}

func runPath(dir string, number int64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d.run", number))
}

// writeRun makes entries, which are in order, a file; when it returns they are on the disk.
func writeRun(fs vfs.FS, dir string, number int64, entries []entry) (err error) {
	if err := fs.MkdirAll(dir); err != nil {
		return err
	}
	f, err := fs.Create(runPath(dir, number), 0)
	if err != nil {
		return err
	}
	var block [blockBytes]byte
	at := int64(0)
	for rest := entries; len(rest) > 0 && err == nil; {
		n := min(len(rest), blockEntries)
		encodeBlock(&block, number, rest[:n])
		_, err = f.WriteAt(block[:], at)
		at, rest = at+blockBytes, rest[n:]
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = fs.SyncDir(dir)
	}
	if err != nil {
		return errors.Join(err, fs.Remove(runPath(dir, number)))
	}
	return nil
}

func encodeBlock(block *[blockBytes]byte, number int64, entries []entry) {
	clear(block[:])
	binary.BigEndian.PutUint32(block[4:], uint32(len(entries)))
	for i, e := range entries {
		e.put(block[blockHead+i*entryBytes:])
	}
	binary.BigEndian.PutUint64(block[blockBytes-8:], uint64(number))
	binary.BigEndian.PutUint32(block[:], crc32.Checksum(block[4:], castagnoli))
}

// head is the first entry that is not delivered; exhausted must be false. Error: errDamaged, the file system's.
func (r *run) head(fs vfs.FS, dir string) (entry, error) {
	if err := r.load(fs, dir, r.next); err != nil {
		return entry{}, err
	}
	return r.block[r.next-r.blockAt], nil
}

func (r *run) exhausted() bool { return r.next >= r.entries }

// load reads the block that entry i is in.
func (r *run) load(fs vfs.FS, dir string, i int) error {
	first := i - i%blockEntries
	if r.block != nil && r.blockAt == first {
		return nil
	}
	f, err := fs.Open(runPath(dir, r.number))
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	var block [blockBytes]byte
	n, err := f.ReadAt(block[:], int64(first/blockEntries)*blockBytes)
	if err := f.Close(); err != nil {
		return err
	}
	if n < blockBytes {
		return fmt.Errorf("%w: run %d ends at entry %d of %d: %w", errDamaged, r.number, first, r.entries, err)
	}
	want := min(blockEntries, r.entries-first)
	if sum := crc32.Checksum(block[4:], castagnoli); sum != binary.BigEndian.Uint32(block[:]) ||
		int(binary.BigEndian.Uint32(block[4:])) != want || int64(binary.BigEndian.Uint64(block[blockBytes-8:])) != r.number {
		return fmt.Errorf("%w: run %d, block of entry %d", errDamaged, r.number, first)
	}
	if r.block == nil {
		r.block = make([]entry, 0, blockEntries)
	}
	r.block = r.block[:0]
	for i := range want {
		r.block = append(r.block, getEntry(block[blockHead+i*entryBytes:]))
	}
	r.blockAt = first
	return nil
}

// skipTo moves behind the entries before e.
func (r *run) skipTo(fs vfs.FS, dir string, e entry) error {
	low, high := r.next, r.entries // entries below low are before e, those from high on are not
	for low < high {
		middle := (low + high) / 2
		if err := r.load(fs, dir, middle); err != nil {
			return err
		}
		if r.block[middle-r.blockAt].before(e) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	r.next = low
	return nil
}
