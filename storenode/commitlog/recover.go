package commitlog

import (
	"errors"
	"fmt"
	"io"

	"gantry/remoting/message"
)

// Starts lists where the log's files begin, oldest first: each is a place to scan from.
func (l *Log) Starts() []Offset {
	segments := l.files.Load().segments
	starts := make([]Offset, len(segments))
	for i, s := range segments {
		starts[i] = s.start
	}
	return starts
}

// Recover finds the log's end: it reads from offset from to the first thing that is no record, telling visit each
// record on the way, ends the log there and zeroes what lies behind. checkBodies has a body that differs from its
// checksum count as no record; distrust has the files behind the end cut even where they look empty, as after a
// power loss. Call it once, between Open and Start. Errors: visit's, the file system's.
func (l *Log) Recover(from Offset, checkBodies, distrust bool, visit func(message.Record) error) error {
	if l.Empty() {
		return nil
	}
	scanner := l.Scan(from)
	scanner.CheckBodies = checkBodies
	if err := l.recoverRecords(scanner, distrust, visit); err != nil {
		return fmt.Errorf("recover commit log: %w", err)
	}
	if err := l.endAt(scanner.Offset(), distrust); err != nil {
		return fmt.Errorf("recover commit log: %w", err)
	}
	return nil
}

func (l *Log) recoverRecords(scanner *Scanner, distrust bool, visit func(message.Record) error) error {
	for {
		record, err := scanner.Next()
		if distrust && err == nil && l.tornAtEnd(record) {
			scanner.at -= Offset(len(record))
			err = l.corrupt(scanner.at, errTorn)
		}
		var corrupt *CorruptError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &corrupt):
			l.cfg.Logger.Info("commit log ends", "offset", int64(scanner.Offset()), "file", corrupt.File, "found", corrupt.Err.Error())
			return nil
		case err != nil:
			return err
		}
		l.lastStoreTime.Store(max(l.lastStoreTime.Load(), record.StoreTimestamp()))
		if err := visit(record); err != nil {
			return err
		}
	}
}

// endAt makes end the log's end: what follows in its file becomes zeros, later files go. What is left counts as
// flushed only after a sync.
func (l *Log) endAt(end Offset, distrust bool) error {
	files := l.files.Load()
	kept := files.segments[:0:0]
	for _, s := range files.segments {
		if s.start > end || (s.start == end && len(kept) > 0) {
			if err := errors.Join(l.cfg.FS.Remove(s.path), s.release()); err != nil {
				return err
			}
			continue
		}
		kept = append(kept, s)
	}
	l.files.Store(&fileList{fileBytes: files.fileBytes, segments: kept})
	l.end.Store(int64(end))
	if err := l.zeroTail(end, distrust); err != nil {
		return err
	}
	if distrust {
		return errors.Join(l.Sync(), l.cfg.FS.SyncDir(l.cfg.Dir))
	}
	l.flushed.Store(int64(end))
	l.flushedTime.Store(l.lastStoreTime.Load())
	return nil
}

// zeroTail clears what an unfinished write left behind the end: a later crash could otherwise bring it back to life.
func (l *Log) zeroTail(end Offset, distrust bool) error {
	files := l.files.Load()
	s := files.at(end)
	if s == nil {
		return nil
	}
	dirty := distrust
	if !dirty {
		var head [blankBytes]byte
		if _, err := s.file.ReadAt(head[:min(blankBytes, int64(s.start)+files.fileBytes-int64(end))], int64(end-s.start)); err != nil {
			return err
		}
		dirty = head != [blankBytes]byte{}
	}
	if !dirty {
		return nil
	}
	return s.reset(end, files.fileBytes)
}
