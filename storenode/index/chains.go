package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var (
	errChain  = errors.New("slots and items do not lead to each item once")
	errOnDisk = errors.New("its header is not on the disk as it was written")
)

// chainPieceBytes is how much of a file is read at a time to check its chains.
const chainPieceBytes = 64 << 10

// chainSum adds up what leads to items and what is led to. Where each item is led to exactly once, by its slot or by a
// later item of the slot, both are the same, whatever the order: so a file needs to be read once, from front to back, and
// nothing to be remembered of it but the sum.
type chainSum struct {
	sum   uint64
	slots int32 // in use
}

func (c *chainSum) item(slot, number, previous int32) {
	c.sum += mix(slot, number)
	if previous != 0 {
		c.sum -= mix(slot, previous)
	}
}

func (c *chainSum) slot(slot, newest int32) {
	if newest != 0 {
		c.sum -= mix(slot, newest)
		c.slots++
	}
}

// mix spreads the pair over 64 bits (splitmix64's finalizer).
func mix(slot, number int32) uint64 {
	z := (uint64(uint32(slot))<<32 | uint64(uint32(number))) + 0x9E3779B97F4A7C15
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// checkChains says whether every item of the file can be found through its slot, and whether the header on the disk is
// the one in memory. pace is told of each piece read and may end it. Items do not change once they are counted, but for a
// rollback; so only what was added meanwhile and the slots are read while nobody writes.
func (x *Index) checkChains(f *file, pace func(bytes int) bool) (err error) {
	x.mu.Lock()
	if x.findFileLocked(f) < 0 {
		x.mu.Unlock()
		return nil
	}
	f.queries++
	header, undone := f.header, x.undone
	x.mu.Unlock()
	defer x.release([]fileView{{file: f}})
	defer func() { err = foundAt(undone, err) }()

	var sum chainSum
	for from := int32(1); from < header.count; {
		n, err := f.addItems(&sum, from, &header)
		if err != nil {
			return x.unless(undone, err)
		}
		if from += n; !pace(int(n) * itemBytes) {
			return nil
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.undone != undone || x.findFileLocked(f) < 0 || f.header.count <= 1 {
		return nil
	}
	for from := header.count; from < f.header.count; {
		n, err := f.addItems(&sum, from, &f.header)
		if err != nil {
			return err
		}
		from += n
	}
	return f.checkSlotsLocked(&sum)
}

// unless returns the error, nil where items were taken back since and it means nothing.
func (x *Index) unless(undone int, err error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.undone != undone {
		return nil
	}
	return err
}

// addItems adds a piece of the items from number from on and returns how many.
func (f *file) addItems(sum *chainSum, from int32, h *header) (int32, error) {
	n := min(h.count-from, chainPieceBytes/itemBytes)
	b := make([]byte, n*itemBytes)
	if _, err := f.file.ReadAt(b, f.itemPos(from)); err != nil {
		return 0, f.unreadable(f.itemPos(from), err)
	}
	for number := from; number < from+n; number++ {
		i := decodeItem(b[(number-from)*itemBytes:])
		if err := i.inspect(number, h); err != nil {
			return 0, f.damaged(f.itemPos(number), err)
		}
		sum.item(i.hash%f.slots, number, i.previous)
	}
	return n, nil
}

func (f *file) checkSlotsLocked(sum *chainSum) error {
	b := make([]byte, chainPieceBytes)
	if _, err := f.file.ReadAt(b[:headerBytes], 0); err != nil {
		return f.unreadable(0, err)
	}
	if onDisk := decodeHeader(b); onDisk != f.header {
		return f.damaged(0, errOnDisk)
	}
	for slot := int32(0); slot < f.slots; {
		n := min(f.slots-slot, chainPieceBytes/slotBytes)
		at := headerBytes + int64(slot)*slotBytes
		if _, err := f.file.ReadAt(b[:n*slotBytes], at); err != nil {
			return f.unreadable(at, err)
		}
		for i := range n {
			newest := int32(binary.BigEndian.Uint32(b[i*slotBytes:]))
			if newest < 0 || newest >= f.header.count {
				return f.damaged(at+int64(i)*slotBytes, fmt.Errorf("%w: slot %d leads to item %d of %d", ErrContradiction, slot+i, newest, f.header.count-1))
			}
			sum.slot(slot+i, newest)
		}
		slot += n
	}
	if sum.sum != 0 || sum.slots != f.header.slotCount {
		return f.damaged(headerBytes, fmt.Errorf("%w: %d slots in use, the header counts %d", errChain, sum.slots, f.header.slotCount))
	}
	return nil
}

// unreadable turns the error of a file that is too short into a *DamageError.
func (f *file) unreadable(offset int64, err error) error {
	if errors.Is(err, io.EOF) {
		return f.damaged(offset, err)
	}
	if err != nil {
		return fmt.Errorf("read index %s at %d: %w", f.path, offset, err)
	}
	return nil
}
