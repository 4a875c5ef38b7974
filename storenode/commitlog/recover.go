package commitlog

import (
	"bytes"
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

// Trust says what Recover may build on.
type Trust struct {
	CheckBodies bool // a body that differs from its checksum makes its record none
	// Unclean has the files behind the end cut even where they look empty, as after a power loss.
	Unclean bool
	// SafeTime is the storeTimestamp (ms) up to which the disk surely has had everything: something else than a record in
	// front of one that is not younger is damage, and passed over, not the log's end.
	SafeTime int64
}

// Recover finds the log's end: it reads from offset from to the first thing that is no record, telling visit each
// record on the way, ends the log there and zeroes what lies behind. Call it once, between Open and Start. Errors:
// visit's, the file system's.
func (l *Log) Recover(from Offset, trust Trust, visit func(message.Record) error) error {
	if l.Empty() {
		return nil
	}
	scanner := l.Scan(from)
	scanner.CheckBodies = trust.CheckBodies
	var torn []Offset
	scanner.passed = func(blank Offset, size int64) {
		if size != l.room(blank) {
			torn = append(torn, blank)
		}
	}
	if err := l.recoverRecords(scanner, trust, visit); err != nil {
		return fmt.Errorf("recover commit log: %w", err)
	}
	if err := l.mendBlanks(torn); err != nil {
		return fmt.Errorf("recover commit log: %w", err)
	}
	if err := l.endAt(scanner.Offset(), trust.Unclean); err != nil {
		return fmt.Errorf("recover commit log: %w", err)
	}
	return nil
}

func (l *Log) recoverRecords(scanner *Scanner, trust Trust, visit func(message.Record) error) error {
	for {
		record, err := scanner.Next()
		if trust.Unclean && err == nil && l.tornAtEnd(record) {
			scanner.at -= Offset(len(record))
			err = l.Corrupt(scanner.at, errTorn)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			more, err := l.passDamage(scanner, trust, err)
			if err != nil || !more {
				return err
			}
			continue
		}
		l.lastStoreTime.Store(max(l.lastStoreTime.Load(), record.StoreTimestamp()))
		l.lastRecord.Store(record.PhysicalOffset())
		if err := visit(record); err != nil {
			return err
		}
	}
}

// passDamage says whether the log goes on behind what is no record, and moves the scanner there.
func (l *Log) passDamage(scanner *Scanner, trust Trust, found error) (more bool, err error) {
	var corrupt *CorruptError
	if !errors.As(found, &corrupt) {
		return false, found
	}
	end := scanner.Offset()
	if data, err := l.dataBehind(end); err != nil || !data {
		return false, err
	}
	if err := scanner.Resync(); err != nil {
		return false, err
	}
	if stored, ok := l.StoreTimestamp(scanner.Offset()); ok && (stored <= trust.SafeTime || l.sealed(end)) {
		l.cfg.Logger.Error("commit log is damaged, its messages are skipped",
			"file", corrupt.File, "from", int64(end), "to", int64(scanner.Offset()), "error", corrupt.Err)
		return true, nil
	}
	l.cfg.Logger.Info("commit log ends with an unfinished write", "offset", int64(end), "file", corrupt.File, "found", corrupt.Err.Error())
	scanner.at = end
	return false, nil
}

// sealed says that offset lies in a file, and not the last one, that has block sums: it was on the disk as a whole, so
// that what is no record in it is damage.
func (l *Log) sealed(offset Offset) bool {
	files := l.files.Load()
	s := files.at(offset)
	return s != nil && int64(s.start)+files.fileBytes < int64(files.limit()) && l.sidecarOf(s).usable()
}

// dataBehind says whether anything but zeros may follow, which after a clean stop there is not.
func (l *Log) dataBehind(end Offset) (bool, error) {
	files := l.files.Load()
	for _, s := range files.segments {
		if s.start+Offset(files.fileBytes) <= end {
			continue
		}
		from := max(end, s.start)
		head := make([]byte, min(pageBytes-int64(from-s.start)%pageBytes, files.fileBytes-int64(from-s.start)))
		if _, err := s.file.ReadAt(head, int64(from-s.start)); err != nil {
			return false, err
		}
		if len(bytes.TrimLeft(head, "\x00")) > 0 {
			return true, nil
		}
		data, err := s.file.DataFrom(int64(from-s.start) + int64(len(head)))
		if err != nil || data {
			return data, err
		}
	}
	return false, nil
}

var errNotClosed = errors.New("their file is not closed any more: the log ends in it, or before it")

// unseal throws the sums of a file away that will be written again.
func (l *Log) unseal(s *segment) {
	if c := l.sidecarOf(s); c.usable() {
		l.discard(c, errNotClosed)
	}
}

// endAt makes end the log's end: what follows in its file becomes zeros, later files go. What is left counts as
// flushed only after a sync.
func (l *Log) endAt(end Offset, distrust bool) error {
	files := l.files.Load()
	kept := files.segments[:0:0]
	for _, s := range files.segments {
		if int64(s.start)+files.fileBytes > int64(end) {
			l.unseal(s)
		}
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
