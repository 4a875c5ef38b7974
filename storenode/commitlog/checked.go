package commitlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"gantry/storenode/vfs"
)

// comparison is what comparing blocks with their sums needs; lent by a pool, so that a read allocates nothing, and with the
// sums that were used last, which are mostly those that are needed next. BenchmarkReadChecked watches it.
type comparison struct {
	read reader
	sums [sumsAtOnce * SumBytes]byte
	of   *sidecar // whose sums these are
	from int64    // the block of the first of them
	edge [BlockBytes]byte
}

// sumsAtOnce is how many sums are read at once: 1 MiB of the log has them.
const sumsAtOnce = 256

// Whole widens [from, to) to whole blocks where blocks are compared, so that nothing is read only to compare it.
func (l *Log) Whole(from, to Offset) (Offset, Offset) {
	files := l.files.Load()
	if s := files.at(from); s.compared() {
		from -= (from - s.start) % BlockBytes
	}
	if s := files.at(to - 1); s.compared() {
		to = min(s.start+(to-s.start+BlockBytes-1)/BlockBytes*BlockBytes, s.start+Offset(l.FileBytes()))
	}
	return from, to
}

// compared says that what is read of the file is known to be compared with sums.
func (s *segment) compared() bool {
	if s == nil {
		return false
	}
	c := s.sums.Load()
	return c != nil && c.usable()
}

// compare lists the blocks that p, which was read from s at offset, touches and that differ from their sums.
func (l *Log) compare(s *segment, p []byte, offset Offset) (bad []Offset, err error) {
	c := l.sidecarOf(s)
	if !c.usable() {
		return nil, nil
	}
	bad, err = l.differing(vfs.File.ReadAt, s, c, p, offset)
	switch {
	case errors.Is(err, ErrSums):
		l.discard(c, err)
		return nil, nil
	case err != nil || len(bad) == 0 || !l.blame(s, c, bad[0]):
		return nil, err
	}
	return bad, nil
}

// compareNow is compare for who may not wait. Error: vfs.ErrWouldWait, also where anything differs.
func (l *Log) compareNow(s *segment, p []byte, offset Offset) error {
	c := s.sums.Load()
	if c == nil {
		return vfs.ErrWouldWait
	}
	if !c.usable() {
		return nil
	}
	if bad, err := l.differing(vfs.File.ReadNow, s, c, p, offset); len(bad) > 0 || err != nil {
		return vfs.ErrWouldWait
	}
	return nil
}

func (l *Log) differing(read reader, s *segment, c *sidecar, p []byte, offset Offset) ([]Offset, error) {
	w, _ := l.compares.Get().(*comparison)
	if w == nil {
		w = &comparison{}
	}
	defer l.compares.Put(w)
	w.read = read
	return w.differing(s, c, p, int64(offset-s.start))
}

// differing compares p, which lies at byte at of the file. Errors: ErrSums where the sums cannot be read, the file's.
func (w *comparison) differing(s *segment, c *sidecar, p []byte, at int64) (bad []Offset, err error) {
	end := (at + int64(len(p)) + BlockBytes - 1) / BlockBytes
	for block := at / BlockBytes; block < end; block++ {
		want, err := w.want(c, block)
		if err != nil {
			return nil, err
		}
		got, err := w.sum(s, c.FileBytes, p, at, block*BlockBytes)
		if err != nil {
			return nil, err
		}
		if got != want {
			bad = append(bad, s.start+Offset(block*BlockBytes))
		}
	}
	return bad, nil
}

// want is what the sidecar says of a block. Error: ErrSums.
func (w *comparison) want(c *sidecar, block int64) (uint32, error) {
	if w.of != c || block < w.from || block >= w.from+sumsAtOnce {
		w.of, w.from = nil, block-block%sumsAtOnce
		sums := w.sums[:min(sumsAtOnce, c.Blocks()-w.from)*SumBytes]
		if n, err := w.read(c.file, sums, SumsHeaderBytes+w.from*SumBytes); n < len(sums) {
			return 0, fmt.Errorf("%w: %w", ErrSums, err)
		}
		w.of = c
	}
	return binary.BigEndian.Uint32(w.sums[(block-w.from)*SumBytes:]), nil
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
	if _, err := s.readBy(w.read, rest, s.start+Offset(from)); err != nil {
		return 0, err
	}
	return crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), rest), nil
}
