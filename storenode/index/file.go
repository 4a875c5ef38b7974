package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime/debug"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

const (
	headerBytes = 40
	slotBytes   = 4
	itemBytes   = 20
)

// header is the first 40 bytes of a file.
type header struct {
	beginTimestamp, endTimestamp int64 // ms
	beginOffset, endOffset       commitlog.Offset
	slotCount, count             int32 // count is the number of the next item
}

func decodeHeader(b []byte) header {
	be := binary.BigEndian
	return header{
		beginTimestamp: int64(be.Uint64(b)), endTimestamp: int64(be.Uint64(b[8:])),
		beginOffset: commitlog.Offset(be.Uint64(b[16:])), endOffset: commitlog.Offset(be.Uint64(b[24:])),
		slotCount: int32(be.Uint32(b[32:])), count: max(1, int32(be.Uint32(b[36:]))),
	}
}

func (h *header) encode(b []byte) {
	be := binary.BigEndian
	be.PutUint64(b, uint64(h.beginTimestamp))
	be.PutUint64(b[8:], uint64(h.endTimestamp))
	be.PutUint64(b[16:], uint64(h.beginOffset))
	be.PutUint64(b[24:], uint64(h.endOffset))
	be.PutUint32(b[32:], uint32(h.slotCount))
	be.PutUint32(b[36:], uint32(h.count))
}

// item is one entry.
type item struct {
	hash     int32
	offset   commitlog.Offset
	timeDiff int32 // seconds since the header's beginTimestamp
	previous int32
}

func decodeItem(b []byte) item {
	be := binary.BigEndian
	return item{int32(be.Uint32(b)), commitlog.Offset(be.Uint64(b[4:])), int32(be.Uint32(b[12:])), int32(be.Uint32(b[16:]))}
}

func (i item) encode(b []byte) {
	be := binary.BigEndian
	be.PutUint32(b, uint32(i.hash))
	be.PutUint64(b[4:], uint64(i.offset))
	be.PutUint32(b[12:], uint32(i.timeDiff))
	be.PutUint32(b[16:], uint32(i.previous))
}

// file is one index file. header is guarded by Index.mu; mapping is set while the file is written.
type file struct {
	path         string
	file         vfs.File
	slots, items int32
	header       header
	mapping      vfs.Mapping
	forgotten    int // bytes of the items given back to the kernel

	queries int  // that read it; guarded by Index.mu
	expired bool // removed: close it with the last query; guarded by Index.mu
}

func (f *file) full() bool { return f.header.count >= f.items }

func (f *file) slotPos(hash int32) int64 { return headerBytes + int64(hash%f.slots)*slotBytes }

func (f *file) itemPos(number int32) int64 {
	return headerBytes + int64(f.slots)*slotBytes + int64(number)*itemBytes
}

// keyHash is the hash of topic#key as the Java broker counts it.
func keyHash(key []byte) int32 {
	switch hash := message.JavaHash(key); {
	case hash == math.MinInt32:
		return 0
	case hash < 0:
		return -hash
	default:
		return hash
	}
}

// put adds an item. The caller has seen that there is room, and guards against faults.
func (f *file) put(hash int32, offset commitlog.Offset, storeTimestamp int64) {
	b, h := f.mapping.Bytes(), &f.header
	slot := b[f.slotPos(hash):][:slotBytes]
	previous := int32(binary.BigEndian.Uint32(slot))
	if previous <= 0 || previous > h.count {
		previous = 0
	}
	item{hash, offset, h.timeDiff(storeTimestamp), previous}.encode(b[f.itemPos(h.count):])
	binary.BigEndian.PutUint32(slot, uint32(h.count))
	next := *h
	if next.count <= 1 {
		next.beginOffset, next.beginTimestamp = offset, storeTimestamp
	}
	if previous == 0 {
		next.slotCount++
	}
	next.count++
	next.endOffset, next.endTimestamp = offset, storeTimestamp
	next.encode(b)
	*h = next
}

func (h *header) timeDiff(storeTimestamp int64) int32 {
	if h.beginTimestamp <= 0 {
		return 0
	}
	return int32(min(max((storeTimestamp-h.beginTimestamp)/1000, 0), math.MaxInt32))
}

// matches says whether the file may hold items of [begin, end] ms.
func (h *header) matches(begin, end int64) bool {
	within := func(t int64) bool { return t >= h.beginTimestamp && t <= h.endTimestamp }
	return begin < h.beginTimestamp && end > h.endTimestamp || within(begin) || within(end)
}

// errFault says that mapped memory could not be touched: the disk is full or broken.
var errFault = errors.New("mapped file cannot be accessed: the disk is full or broken")

// guarded runs touch, which uses mapped memory, and turns a fault in it into an error.
func guarded(path string, touch func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch caught := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }:
			err = fmt.Errorf("index %s: %w", path, errFault)
		default:
			panic(caught)
		}
	}()
	touch()
	return nil
}

// forgetBytes is how much of the items is kept in memory behind the newest.
const forgetBytes = 4 << 20

// forget gives the memory of older items back; they are read again when asked for.
func (f *file) forget() error {
	done := int(f.header.count)*itemBytes - f.forgotten
	if done < 2*forgetBytes {
		return nil
	}
	from := int(f.itemPos(0)) + f.forgotten
	f.forgotten += forgetBytes
	return f.mapping.Forget(from, forgetBytes)
}
