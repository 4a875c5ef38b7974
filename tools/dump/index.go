package dump

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"gantry/storenode/commitlog"
	"gantry/storenode/index"
)

var (
	errIndexSize = errors.New("it is too small for its slots: is --slots the maxHashSlotNum it was made with?")
	errChain     = errors.New("it does not lead to the item before it in its slot")
	errSlot      = errors.New("it does not lead to its newest item")
	errOrder     = errors.New("its record lies before that of the item before it")
)

// itemsAtOnce is how many items one read takes.
const itemsAtOnce = 8192

// indexFile prints the header and the items. Where it reads all items it checks that slots and items lead to each other,
// too.
func indexFile(in *input, out io.Writer, o options) error {
	d := indexDump{input: in, out: out, slots: int64(o.slots)}
	room := (in.size - d.itemAt(0)) / index.ItemBytes
	if o.slots < 1 || room < 2 || room > 1<<31-1 {
		return fmt.Errorf("dump %s of %d bytes: %w", in.name, in.size, errIndexSize)
	}
	if err := d.readHeader(int32(room)); err != nil {
		return err
	}
	from, to := max(o.from, 1), int64(d.header.Count)
	if from > to {
		return fmt.Errorf("dump %s: --from %d: %w, whose items are 1 to %d", in.name, o.from, errOutside, to-1)
	}
	whole := from == 1 && (o.limit == 0 || o.limit >= to-1)
	if whole {
		d.newest = make([]int32, d.slots)
	}
	if o.limit > 0 {
		to = min(to, from+o.limit)
	}
	d.before = min(d.header.BeginOffset, d.header.EndOffset)
	for ; from < to; from += itemsAtOnce {
		if err := d.items(from, min(to-from, itemsAtOnce)); err != nil {
			return err
		}
	}
	if !whole {
		return nil
	}
	return d.checkSlots()
}

type indexDump struct {
	*input
	out    io.Writer
	slots  int64
	header index.Header
	before commitlog.Offset // record of the item before
	newest []int32          // item of each slot so far; nil where not all items are read
}

// itemAt is the byte at which an item begins.
func (d *indexDump) itemAt(number int64) int64 {
	return index.HeaderBytes + d.slots*index.SlotBytes + number*index.ItemBytes
}

func (d *indexDump) slotAt(slot int64) int64 { return index.HeaderBytes + slot*index.SlotBytes }

func (d *indexDump) readHeader(room int32) error {
	b := make([]byte, index.HeaderBytes)
	if err := d.read(b, 0); err != nil {
		return err
	}
	h, err := index.ParseHeader(b, room)
	if err != nil {
		return d.damage(0, err, "the header")
	}
	d.header = h
	_, err = fmt.Fprintf(d.out, "begin=%s end=%s begin_offset=%d end_offset=%d slots_used=%d slots=%d items=%d room=%d\n",
		clock(h.BeginTimestamp), clock(h.EndTimestamp), h.BeginOffset, h.EndOffset, h.SlotCount, d.slots, h.Count-1, room-1)
	return err
}

// items prints so many items from number on.
func (d *indexDump) items(number, count int64) error {
	b := make([]byte, count*index.ItemBytes)
	if err := d.read(b, d.itemAt(number)); err != nil {
		return err
	}
	for ; len(b) > 0; b, number = b[index.ItemBytes:], number+1 {
		i, err := d.header.ParseItem(b, int32(number))
		if err == nil {
			err = d.check(i, int32(number))
		}
		if err != nil {
			return d.damage(d.itemAt(number), err, "item %d", number)
		}
		if _, err := fmt.Fprintf(d.out, "item=%d hash=%d slot=%d offset=%d stored=%s previous=%d\n", number, i.Hash, int64(i.Hash)%d.slots,
			i.Offset, clock(d.header.BeginTimestamp + int64(i.TimeDiffSeconds)*1000)[:19]+"Z", i.Previous); err != nil {
			return err
		}
	}
	return nil
}

// check says what is wrong with an item among the others.
func (d *indexDump) check(i index.Item, number int32) error {
	if i.Offset < d.before {
		return fmt.Errorf("%w: %d before %d", errOrder, i.Offset, d.before)
	}
	d.before = i.Offset
	if d.newest == nil {
		return nil
	}
	slot := int64(i.Hash) % d.slots
	if i.Previous != d.newest[slot] {
		return fmt.Errorf("%w: to %d, not %d", errChain, i.Previous, d.newest[slot])
	}
	d.newest[slot] = number
	return nil
}

// checkSlots compares the slots with the items. One may lead to the item behind the last: its writer was killed, or is at it.
func (d *indexDump) checkSlots() error {
	b := make([]byte, d.slots*index.SlotBytes)
	if err := d.read(b, d.slotAt(0)); err != nil {
		return err
	}
	for slot, newest := range d.newest {
		stored := int32(binary.BigEndian.Uint32(b[slot*index.SlotBytes:]))
		if stored != newest && stored != d.header.Count {
			return d.damage(d.slotAt(int64(slot)), fmt.Errorf("%w: to %d, not %d", errSlot, stored, newest), "slot %d", slot)
		}
	}
	return nil
}
