package dump

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"gantry/storenode/commitlog"
)

var errSumsSize = errors.New("its length is not what its head calls for")

// sumsFile prints the head and the sum of each block; --from is an offset in the log.
func sumsFile(in *input, out io.Writer, o options) error {
	head := make([]byte, min(in.size, commitlog.SumsHeaderBytes))
	if err := in.read(head, 0); err != nil {
		return err
	}
	sums, err := commitlog.ParseSums(head)
	if err != nil {
		return in.damage(0, err, "the head")
	}
	if in.size != sums.Size() {
		return in.damage(min(in.size, sums.Size()), fmt.Errorf("%w, %d bytes", errSumsSize, sums.Size()), "the file's end")
	}
	table := make([]byte, in.size-commitlog.SumsHeaderBytes)
	if err := in.read(table, commitlog.SumsHeaderBytes); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "start=%d file_bytes=%d blocks=%d table_crc=%08x\n", sums.Start, sums.FileBytes, sums.Blocks(), sums.TableCRC); err != nil {
		return err
	}
	if err := sums.CheckTable(table); err != nil {
		return in.damage(commitlog.SumsHeaderBytes, err, "the table")
	}
	return printSums(in.name, out, sums, table, o)
}

func printSums(name string, out io.Writer, sums commitlog.Sums, table []byte, o options) error {
	start := int64(sums.Start)
	block := max(0, o.from-start) / commitlog.BlockBytes
	if o.from > 0 && (o.from < start || block >= sums.Blocks()) {
		return fmt.Errorf("dump %s: --from %d: %w, which is about %d to %d", name, o.from, errOutside, start, start+sums.FileBytes)
	}
	for lines := int64(0); block < sums.Blocks() && (o.limit == 0 || lines < o.limit); lines++ {
		_, err := fmt.Fprintf(out, "offset=%d crc=%08x\n", start+block*commitlog.BlockBytes, binary.BigEndian.Uint32(table[block*commitlog.SumBytes:]))
		if err != nil {
			return err
		}
		block++
	}
	return nil
}
