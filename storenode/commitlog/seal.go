package commitlog

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// Unsealed lists where closed files begin that have no block sums yet, oldest first; none without Config.SumsDir.
func (l *Log) Unsealed() []Offset {
	if l.cfg.SumsDir == "" {
		return nil
	}
	var starts []Offset
	for _, s := range l.files.Load().segments {
		if !l.closed(s) {
			break
		}
		if s.acquire() {
			if !l.sidecarOf(s).usable() {
				starts = append(starts, s.start)
			}
			l.warn(s.release())
		}
	}
	return starts
}

// Seal reads the closed file that begins at start, once and in order, and puts the sums of its blocks beside it. After
// each piece pace is told its bytes, and may wait; its error ends the work. Records that are damaged already go to
// damaged; they keep their sums, since their bodies' checksums tell. It is for one goroutine. Errors: ErrOutOfRange where
// no closed file begins at start, or not any more, pace's, the file system's.
func (l *Log) Seal(start Offset, pace func(bytes int) error, damaged func(*CorruptError)) error {
	s := l.files.Load().beginning(start)
	if s == nil || !l.closed(s) {
		return fmt.Errorf("seal commit log at %d: %w", start, ErrOutOfRange)
	}
	table, err := l.sumFile(s, pace, damaged)
	if err == nil {
		err = l.keepSums(s, table)
	}
	if err != nil {
		return fmt.Errorf("seal commit log %s: %w", s.path, err)
	}
	return nil
}

// sumFile returns the sums of the file's blocks. It holds the file for a piece at a time, so that one that expires may go.
func (l *Log) sumFile(s *segment, pace func(bytes int) error, damaged func(*CorruptError)) ([]byte, error) {
	end := s.start + Offset(l.FileBytes())
	table := make([]byte, 0, Sums{FileBytes: l.FileBytes()}.Blocks()*SumBytes)
	piece := make([]byte, scanBytes)
	records := l.Scan(s.start)
	records.CheckBodies = true
	for at := s.start; at < end; {
		n, err := l.ReadAt(piece[:min(Offset(len(piece)), end-at)], at)
		if err != nil {
			return nil, err
		}
		table = appendBlockSums(table, piece[:n])
		at += Offset(n)
		if err := errors.Join(checkRecords(records, at, damaged), pace(n)); err != nil {
			return nil, err
		}
	}
	return table, nil
}

// checkRecords reads the records that begin in front of to.
func checkRecords(records *Scanner, to Offset, damaged func(*CorruptError)) error {
	for records.Offset() < to {
		_, err := records.Next()
		var corrupt *CorruptError
		if errors.As(err, &corrupt) {
			damaged(corrupt)
			err = records.Resync()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keepSums writes the sums so that they are there whole or not at all, and has readers use them.
func (l *Log) keepSums(s *segment, table []byte) error {
	if !s.acquire() {
		return ErrOutOfRange
	}
	defer func() { l.warn(s.release()) }()
	if err := s.file.Sync(); err != nil { // what has sums is on the disk, whoever wrote it
		return err
	}
	c := &sidecar{Sums: Sums{Start: s.start, FileBytes: l.FileBytes(), TableCRC: blockSum(table)}, path: l.sumsPath(s.start)}
	if err := l.writeSums(c, table); err != nil {
		return err
	}
	if l.files.Load().beginning(s.start) != s {
		return errors.Join(ErrOutOfRange, c.close(), l.removeSums(s.start))
	}
	c.before = s.sums.Swap(c)
	return nil
}

func (l *Log) writeSums(c *sidecar, table []byte) (err error) {
	system, unfinished := l.cfg.FS, c.path+".tmp"
	if err := system.MkdirAll(l.cfg.SumsDir); err != nil {
		return err
	}
	if err := system.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if c.file, err = system.Create(unfinished, 0); err != nil {
		return err
	}
	_, err = c.file.WriteAt(appendSums(slices.Grow([]byte(nil), int(c.Size())), c.Sums, table), 0)
	if err == nil {
		err = c.file.Sync()
	}
	if err == nil {
		err = system.Rename(unfinished, c.path)
	}
	if err == nil {
		err = system.SyncDir(l.cfg.SumsDir)
	}
	if err != nil {
		return errors.Join(err, c.close())
	}
	return nil
}
