package commitlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// comparison is what comparing blocks with their sums needs; lent by a pool, so that a read allocates nothing.
// BenchmarkReadChecked watches it.
type comparison struct {
	sums [256 * SumBytes]byte // of the blocks that are compared now
	edge [BlockBytes]byte     // of a block that is read in part only, the rest
}

// compare lists the blocks that p, which was read from s at offset, touches and that differ from their sums.
func (l *Log) compare(s *segment, p []byte, offset Offset) (bad []Offset, err error) {
	c := l.sidecarOf(s)
	if !c.usable() {
		return nil, nil
	}
	w, _ := l.compares.Get().(*comparison)
	if w == nil {
		w = &comparison{}
	}
	defer l.compares.Put(w)
	bad, err = w.differing(s, c, p, int64(offset-s.start))
	switch {
	case errors.Is(err, ErrSums):
		l.discard(c, err)
		return nil, nil
	case err != nil || len(bad) == 0 || !l.blame(s, c, bad[0]):
		return nil, err
	}
	return bad, nil
}

// differing compares p, which lies at byte at of the file. Errors: ErrSums where the sums cannot be read, the file's.
func (w *comparison) differing(s *segment, c *sidecar, p []byte, at int64) (bad []Offset, err error) {
	end := (at + int64(len(p)) + BlockBytes - 1) / BlockBytes
	for block := at / BlockBytes; block < end; {
		want := w.sums[:min(int64(len(w.sums)), (end-block)*SumBytes)]
		if n, err := c.file.ReadAt(want, SumsHeaderBytes+block*SumBytes); n < len(want) {
			return nil, fmt.Errorf("%w: %w", ErrSums, err)
		}
		for ; len(want) > 0; want = want[SumBytes:] {
			got, err := w.sum(s, c.FileBytes, p, at, block*BlockBytes)
			if err != nil {
				return nil, err
			}
			if got != binary.BigEndian.Uint32(want) {
				bad = append(bad, s.start+Offset(block*BlockBytes))
			}
			block++
		}
	}
	return bad, nil
}

// sum is that of the block at byte from of the file, of which p, at byte at, has a part; the rest is read.
func (w *comparison) sum(s *segment, fileBytes int64, p []byte, at, from int64) (uint32, error) {
	to := min(from+BlockBytes, fileBytes)
	first, last := max(from, at), min(to, at+int64(len(p)))
	sum, err := w.extend(0, s, from, first)
	if err != nil {
		return 0, err
	}
	sum = crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), p[first-at:last-at])
	return w.extend(sum, s, last, to)
}

func (w *comparison) extend(sum uint32, s *segment, from, to int64) (uint32, error) {
	if from == to {
		return sum, nil
	}
	rest := w.edge[:to-from]
	if _, err := s.read(rest, s.start+Offset(from)); err != nil {
		return 0, err
	}
	return crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), rest), nil
}
