package index

import (
	"encoding/binary"
	"errors"
	"fmt"

	"gantry/storenode/commitlog"
)

// ErrContradiction says that an index file contradicts itself.
var ErrContradiction = errors.New("index file makes no sense")

// The sizes of a file's parts in bytes: header, slots, items.
const (
	HeaderBytes = headerBytes
	SlotBytes   = slotBytes
	ItemBytes   = itemBytes
)

// Header is the beginning of an index file, for tools.
type Header struct {
	BeginTimestamp, EndTimestamp int64            // ms
	BeginOffset, EndOffset       commitlog.Offset // of records
	SlotCount                    int32            // slots in use
	Count                        int32            // number of the next item
}

// Item is one entry of an index file, for tools.
type Item struct {
	Hash            int32
	Offset          commitlog.Offset // of the record
	TimeDiffSeconds int32            // since the header's BeginTimestamp
	Previous        int32            // number of the item before it in its slot
}

// ParseHeader reads the header of a file that has room for so many items. Error: ErrContradiction; the header is as it was
// read then, too.
func ParseHeader(b []byte, items int32) (Header, error) {
	if len(b) < headerBytes {
		return Header{}, fmt.Errorf("%w: %d bytes are no header", ErrContradiction, len(b))
	}
	h := decodeHeader(b)
	read := Header{h.beginTimestamp, h.endTimestamp, h.beginOffset, h.endOffset, h.slotCount, h.count}
	if raw := int32(binary.BigEndian.Uint32(b[36:])); raw < 0 {
		return read, fmt.Errorf("%w: it counts %d items", ErrContradiction, raw)
	}
	return read, h.inspect(items, 0)
}

// ParseItem reads item number of a file with this header. Error: ErrContradiction; the item is as it was read then, too.
func (h Header) ParseItem(b []byte, number int32) (Item, error) {
	if len(b) < itemBytes {
		return Item{}, fmt.Errorf("%w: %d bytes are no item", ErrContradiction, len(b))
	}
	i := decodeItem(b)
	return Item{i.hash, i.offset, i.timeDiff, i.previous}, i.inspect(number, &header{beginOffset: h.BeginOffset, endOffset: h.EndOffset})
}

// inspect says what contradicts itself in the header of a file with room for so many items, behind one that ends at endBefore.
func (h *header) inspect(items int32, endBefore commitlog.Offset) error {
	switch {
	case h.count > items:
		return fmt.Errorf("%w: it counts %d items of %d", ErrContradiction, h.count, items)
	case h.count > 1 && (h.beginOffset < 0 || h.beginOffset > h.endOffset || h.endOffset < endBefore):
		return fmt.Errorf("%w: it covers %d to %d, the file before it ends at %d", ErrContradiction, h.beginOffset, h.endOffset, endBefore)
	case h.count > 1 && (h.beginTimestamp < 0 || h.slotCount < 0 || h.slotCount >= h.count):
		return fmt.Errorf("%w: it begins at %d ms and uses %d slots for %d items", ErrContradiction, h.beginTimestamp, h.slotCount, h.count-1)
	}
	return nil
}

// inspect says what makes no sense in the item of that number in a file with this header.
func (i item) inspect(number int32, h *header) error {
	if i.hash < 0 || i.timeDiff < 0 || i.previous < 0 || i.previous > number || i.offset < h.beginOffset || i.offset > h.endOffset {
		return fmt.Errorf("%w: item %d has hash %d, record %d, %d s, item %d before it", ErrContradiction, number, i.hash, i.offset, i.timeDiff, i.previous)
	}
	return nil
}
