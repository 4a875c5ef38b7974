package store

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"sync"
	"sync/atomic"

	"gantry/storenode/commitlog"
)

// tableFile is gantry/queues: all queues with their units in memory, so that a start need not look at each of them.
// FORMAT.md describes it.
//
// It is trusted after a clean stop and after a kill, when the kernel is still the same, as long as no Java broker has
// opened the store in between. What would make it wrong, a file of a queue that goes, removes it first.
type tableFile struct {
	store     *Store
	structure atomic.Int64 // counts removals
	buf       []byte       // of the last table, to be used again; guarded by marks.mu

	mu      sync.Mutex // guards the file and the rest; taken behind marks.mu
	present bool
	at      commitlog.Offset // of the file
}

const (
	tableMagic     = "GQT1"
	tableHeadBytes = 80
	tableClean     = 1 // flag: written by a clean stop
)

// ErrTable says that bytes are no table of queues.
var ErrTable = errors.New("gantry/queues makes no sense")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// tableHead stands before the queues.
type tableHead struct {
	clean    bool
	at       commitlog.Offset // a record that is in its queue, as are all before it
	indexed  commitlog.Offset // all records before it are in the index
	indexEnd commitlog.Offset // the index's last record
	logMin   commitlog.Offset
	lockTime int64 // ns; of the file lock
	boot     [32]byte
}

func (h tableHead) append(dst []byte) []byte {
	be := binary.BigEndian
	flags := uint32(0)
	if h.clean {
		flags = tableClean
	}
	dst = be.AppendUint32(append(dst, tableMagic...), flags)
	for _, n := range []int64{int64(h.at), int64(h.indexed), int64(h.indexEnd), int64(h.logMin), h.lockTime} {
		dst = be.AppendUint64(dst, uint64(n))
	}
	return append(dst, h.boot[:]...)
}

// decodeTable checks a whole file and returns its head and its queues.
func decodeTable(b []byte) (h tableHead, queues []byte, err error) {
	be := binary.BigEndian
	if len(b) < tableHeadBytes+4 || string(b[:4]) != tableMagic {
		return h, nil, fmt.Errorf("%w: %d bytes, or no magic", ErrTable, len(b))
	}
	end := len(b) - 4
	if crc32.Checksum(b[:end], castagnoli) != be.Uint32(b[end:]) {
		return h, nil, fmt.Errorf("%w: its checksum differs", ErrTable)
	}
	offset := func(field int) commitlog.Offset { return commitlog.Offset(be.Uint64(b[8+8*field:])) }
	h = tableHead{clean: be.Uint32(b[4:])&tableClean != 0, at: offset(0), indexed: offset(1), indexEnd: offset(2), logMin: offset(3),
		lockTime: int64(offset(4))}
	copy(h.boot[:], b[48:])
	return h, b[tableHeadBytes:end], nil
}

// boot names the kernel's run; ok is false where it is not known.
func (s *Store) boot() (boot [32]byte, ok bool) {
	id := s.fs.BootID()
	return sha256.Sum256([]byte(id)), id != ""
}

func (t *tableFile) path() string { return t.store.cfg.path("gantry", "queues") }

// init takes an old file for present, so that drop removes it.
func (t *tableFile) init(s *Store) { t.store, t.present, t.at = s, true, -1 }

// read returns the table, if it may be trusted for this start.
func (t *tableFile) read(unclean bool, lockTime int64) (h tableHead, queues []byte, ok bool, err error) {
	info, err := t.store.fs.Stat(t.path())
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil, false, nil
	}
	if err != nil {
		return h, nil, false, err
	}
	b, err := t.store.readSmall(t.path(), int(info.Size))
	if err != nil {
		return h, nil, false, err
	}
	h, queues, damage := decodeTable(b)
	if damage != nil {
		t.store.logger.Warn("table of queues is damaged, each queue is looked at", "file", t.path(), "error", damage)
		return h, nil, false, nil
	}
	return h, queues, t.trusted(h, unclean, lockTime), nil
}

func (t *tableFile) trusted(h tableHead, unclean bool, lockTime int64) bool {
	boot, known := t.store.boot()
	sameRun := known && h.boot == boot
	return h.lockTime == lockTime && (h.clean && !unclean || sameRun && unclean) && t.store.recordAt(h.at)
}

// covers says that there is a table of this place.
func (t *tableFile) covers(at commitlog.Offset) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.present && t.at == at
}

// write writes the table, unless a file of a queue went since structure was seen: the next one will be right.
func (t *tableFile) write(s *Store, h tableHead, seen int64) error {
	h.boot, _ = s.boot()
	h.logMin, h.indexEnd = s.log.Min(), s.index.EndOffset()
	if s.cfg.MessageIndexEnable {
		h.indexed = s.indexer.position()
	}
	b := s.queues.AppendTable(h.append(t.buf[:0]))
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	t.buf = b
	next := t.path() + ".tmp"
	if err := t.writeWhole(next, b, h.clean); err != nil {
		return fmt.Errorf("write table of queues: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.structure.Load() != seen {
		return nil
	}
	if err := s.fs.Rename(next, t.path()); err != nil {
		return fmt.Errorf("write table of queues: %w", err)
	}
	t.present, t.at = true, h.at
	if h.clean {
		return s.fs.SyncDir(s.cfg.path("gantry"))
	}
	return nil
}

func (t *tableFile) writeWhole(path string, b []byte, durable bool) error {
	system := t.store.fs
	if err := errors.Join(system.MkdirAll(t.store.cfg.path("gantry")), removeIfThere(system, path)); err != nil {
		return err
	}
	file, err := system.Create(path, int64(len(b)))
	if err != nil {
		return err
	}
	_, err = file.WriteAt(b, 0)
	if err == nil && durable {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// drop removes the table: what it says of some queue is about to become wrong.
func (t *tableFile) drop() error {
	t.structure.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.present {
		return nil
	}
	if err := removeIfThere(t.store.fs, t.path()); err != nil {
		return err
	}
	t.present = false
	return nil
}

func removeIfThere(system interface{ Remove(string) error }, path string) error {
	if err := system.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
