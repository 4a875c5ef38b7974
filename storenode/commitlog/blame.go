package commitlog

import (
	"errors"
	"fmt"

	"gantry/storenode/vfs"
)

// errRewritten says that a file is another one than its sums were made of.
var errRewritten = errors.New("the commit log file has been written since")

const (
	rewrittenBlocks = 16   // that differ in a row: more than the 32 KiB of properties that no checksum of a record covers
	rewrittenReach  = 2048 // blocks that are looked at: more than the largest message
)

// blame says whether it is the file that is damaged, and not its sums, which are discarded then.
func (l *Log) blame(s *segment, c *sidecar, block Offset) bool {
	err := c.checkTable()
	if err == nil && l.rewritten(s, c, block) {
		err = errRewritten
	}
	if err != nil {
		l.discard(c, err)
	}
	return err == nil
}

func (c *sidecar) checkTable() error {
	table := make([]byte, c.Blocks()*SumBytes)
	if n, err := c.file.ReadAt(table, SumsHeaderBytes); n < len(table) {
		return fmt.Errorf("%w: %w", ErrSums, err)
	}
	return c.CheckTable(table)
}

// rewritten says that the file holds other records than its sums were made of: a long row of blocks differs, and what lies
// there are whole records one behind the other all the same. So it is where the Java broker has cut the log inside the
// file and gone on, or where files were put back from elsewhere. Damage leaves no whole records.
func (l *Log) rewritten(s *segment, c *sidecar, block Offset) bool {
	from, to := l.differingRow(s, c, int64(block-s.start)/BlockBytes)
	enough := min(rewrittenBlocks, c.Blocks())
	if enough < 2 || to-from < enough {
		return false
	}
	end := s.start + Offset(min(to*BlockBytes, c.FileBytes))
	records := Scanner{log: l, at: s.start + Offset(from*BlockBytes) - 1, CheckBodies: true, ignoreSums: true}
	if records.Resync() != nil || end-records.at < Offset(enough*BlockBytes/2) {
		return false
	}
	for records.at < end {
		if _, err := records.Next(); err != nil {
			return false
		}
	}
	return true
}

// differingRow is the row of blocks around one that differ, as far as it is looked at.
func (l *Log) differingRow(s *segment, c *sidecar, block int64) (from, to int64) {
	w := comparison{read: vfs.File.ReadAt}
	p := make([]byte, BlockBytes)
	differs := func(i int64) bool {
		b := p[:min(BlockBytes, c.FileBytes-i*BlockBytes)]
		if _, err := s.read(b, s.start+Offset(i*BlockBytes)); err != nil {
			return false
		}
		bad, err := w.differing(s, c, b, i*BlockBytes)
		return err == nil && len(bad) > 0
	}
	from, to = block, block+1
	for to < c.Blocks() && to-block < rewrittenReach && differs(to) {
		to++
	}
	for from > 0 && to-from < rewrittenBlocks && differs(from-1) {
		from--
	}
	return from, to
}
