package consumequeue

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"gantry/storenode/commitlog"
)

// Offset is the ordinal of a message in its queue: the queue offset of clients.
type Offset int64

// UnitBytes is the size of a unit on disk.
const UnitBytes = 20

// Unit is what a queue keeps of a message. FORMAT.md describes its bytes.
type Unit struct {
	Physical commitlog.Offset
	Size     int32 // bytes of the record
	TagsCode int64
}

var blank = Unit{Physical: 0, Size: math.MaxInt32}

// DecodeUnit reads the unit at the start of b.
func DecodeUnit(b []byte) Unit {
	return Unit{
		Physical: commitlog.Offset(binary.BigEndian.Uint64(b)),
		Size:     int32(binary.BigEndian.Uint32(b[8:])),
		TagsCode: int64(binary.BigEndian.Uint64(b[12:UnitBytes])),
	}
}

// AppendUnit appends the unit's bytes.
func AppendUnit(dst []byte, u Unit) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(u.Physical))
	dst = binary.BigEndian.AppendUint32(dst, uint32(u.Size))
	return binary.BigEndian.AppendUint64(dst, uint64(u.TagsCode))
}

// Blank is the unit that stands for a message that is not there.
func Blank() Unit { return blank }

// Blank says that the unit stands for a message that is not there.
func (u Unit) Blank() bool { return u == blank }

// written says that the unit was ever written.
func (u Unit) written() bool { return u.Physical >= 0 && u.Size > 0 }

// end is where the unit's record ends; 0 for a blank.
func (u Unit) end() commitlog.Offset {
	if u.Blank() {
		return 0
	}
	return u.Physical + commitlog.Offset(u.Size)
}

// ErrUnit says that a unit cannot be what a queue keeps of a message.
var ErrUnit = errors.New("consume queue unit makes no sense")

// Check says whether the unit can stand behind before, the zero Unit where nothing does: a queue's records lie in the
// log in the queue's order. Error: ErrUnit.
func (u Unit) Check(before Unit) error {
	switch {
	case !u.written():
		return fmt.Errorf("%w: record at %d of %d bytes", ErrUnit, u.Physical, u.Size)
	case !u.Blank() && u.Physical < before.end():
		return fmt.Errorf("%w: record at %d, the one before it ends at %d", ErrUnit, u.Physical, before.end())
	}
	return nil
}
