package commitlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Sizes of a file of block sums, in bytes.
const (
	BlockBytes      = 4096 // of a commit log file, that one sum covers
	SumsHeaderBytes = 32
	SumBytes        = 4
)

const (
	sumsMagic     = "GSM1"
	mostFileBytes = 1 << 40
)

// ErrSums says that a file of block sums is none, or damaged.
var ErrSums = errors.New("block sums make no sense")

// Sums is what the head of a file of block sums says (FORMAT.md).
type Sums struct {
	Start     Offset // where the commit log file begins
	FileBytes int64  // its size
	TableCRC  uint32
}

// Blocks is how many sums follow the head.
func (s Sums) Blocks() int64 { return (s.FileBytes + BlockBytes - 1) / BlockBytes }

// Size is the length of the file of sums in bytes.
func (s Sums) Size() int64 { return SumsHeaderBytes + s.Blocks()*SumBytes }

// ParseSums reads the head. Error: ErrSums.
func ParseSums(b []byte) (Sums, error) {
	if len(b) < SumsHeaderBytes {
		return Sums{}, fmt.Errorf("%w: the head has %d bytes", ErrSums, len(b))
	}
	be := binary.BigEndian
	if string(b[:4]) != sumsMagic {
		return Sums{}, fmt.Errorf("%w: magic %#08x", ErrSums, be.Uint32(b))
	}
	if got, want := blockSum(b[:28]), be.Uint32(b[28:]); got != want {
		return Sums{}, fmt.Errorf("%w: the head has checksum %#08x and says %#08x", ErrSums, got, want)
	}
	s := Sums{Start: Offset(be.Uint64(b[16:])), FileBytes: int64(be.Uint64(b[8:])), TableCRC: be.Uint32(b[24:])}
	if size := be.Uint32(b[4:]); size != BlockBytes || s.FileBytes <= 0 || s.FileBytes > mostFileBytes || s.Start < 0 {
		return Sums{}, fmt.Errorf("%w: blocks of %d bytes in a file of %d at %d", ErrSums, size, s.FileBytes, s.Start)
	}
	return s, nil
}

// CheckTable compares what follows the head with its checksum. Error: ErrSums.
func (s Sums) CheckTable(table []byte) error {
	if got := blockSum(table); got != s.TableCRC {
		return fmt.Errorf("%w: the table has checksum %#08x and should have %#08x", ErrSums, got, s.TableCRC)
	}
	return nil
}

// appendSums encodes the head and puts the table behind it.
func appendSums(dst []byte, s Sums, table []byte) []byte {
	be, from := binary.BigEndian, len(dst)
	dst = append(dst, sumsMagic...)
	dst = be.AppendUint32(dst, BlockBytes)
	dst = be.AppendUint64(dst, uint64(s.FileBytes))
	dst = be.AppendUint64(dst, uint64(s.Start))
	dst = be.AppendUint32(dst, s.TableCRC)
	dst = be.AppendUint32(dst, blockSum(dst[from:]))
	return append(dst, table...)
}

// appendBlockSums appends the sums of b, which begins where a block does.
func appendBlockSums(table, b []byte) []byte {
	for len(b) > 0 {
		n := min(len(b), BlockBytes)
		table = binary.BigEndian.AppendUint32(table, blockSum(b[:n]))
		b = b[n:]
	}
	return table
}

// blockSum is CRC-32C, which processors compute themselves.
func blockSum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
