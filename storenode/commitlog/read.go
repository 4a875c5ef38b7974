package commitlog

import (
	"encoding/binary"
	"fmt"

	"gantry/remoting/message"
	"gantry/storenode/vfs"
)

// ReadAt fills p from offset on, as far as the file that holds offset and the log's end go; n is less than len(p)
// where they end before. Errors: ErrOutOfRange (before Min or not before End), the file's.
func (l *Log) ReadAt(p []byte, offset Offset) (n int, err error) {
	s, p, err := l.hold(p, offset)
	if err != nil {
		return 0, err
	}
	n, err = s.read(p, offset)
	return n, s.letGo(offset, err)
}

// ReadChecked is ReadAt for bytes that are to be served or built upon: in a closed file that has block sums every block
// that p touches is compared with its sum. bad are those that differ, by their offset in the log and BlockBytes each; what
// lies in them must not be used. It is nil unless the disk has changed bytes.
func (l *Log) ReadChecked(p []byte, offset Offset) (n int, bad []Offset, err error) {
	s, p, err := l.hold(p, offset)
	if err != nil {
		return 0, nil, err
	}
	if n, err = s.read(p, offset); err == nil && l.closed(s) {
		bad, err = l.compare(s, p, offset)
	}
	return n, bad, s.letGo(offset, err)
}

// ReadNow is ReadChecked of what is in memory and is as it was written. Error: vfs.ErrWouldWait where anything else is to be
// said, which ReadChecked says.
func (l *Log) ReadNow(p []byte, offset Offset) (n int, err error) {
	s, p, err := l.hold(p, offset)
	if err != nil {
		return 0, vfs.ErrWouldWait
	}
	n, err = s.readBy(vfs.File.ReadNow, p, offset)
	if err == nil && l.closed(s) {
		err = l.compareNow(s, p, offset)
	}
	if s.release() != nil || err != nil {
		return 0, vfs.ErrWouldWait
	}
	return n, nil
}

// hold returns the file that holds offset, to be let go, and as much of p as lies in it and in front of the log's end.
func (l *Log) hold(p []byte, offset Offset) (*segment, []byte, error) {
	end := l.End()
	if offset >= end {
		return nil, nil, fmt.Errorf("read at %d: %w: it ends at %d", offset, ErrOutOfRange, end)
	}
	s := l.acquire(offset)
	if s == nil {
		return nil, nil, fmt.Errorf("read at %d: %w: it begins at %d", offset, ErrOutOfRange, l.Min())
	}
	limit := min(s.start+Offset(l.FileBytes()), end)
	return s, p[:min(int64(len(p)), int64(limit-offset))], nil
}

// letGo releases the file; err is what became of a read at offset.
func (s *segment) letGo(offset Offset, err error) error {
	if releaseErr := s.release(); err == nil {
		err = releaseErr
	}
	if err != nil {
		return fmt.Errorf("read commit log %s at offset %d: %w", s.path, offset, err)
	}
	return nil
}

// DropCache tells the system that [from, to), of one file, is not needed soon.
func (l *Log) DropCache(from, to Offset) error {
	s := l.acquire(from)
	if s == nil {
		return nil
	}
	return s.letGo(from, s.file.DropCache(int64(from-s.start), int64(to-from)))
}

// surelyRecord is a length for which memory is taken before the block that says so has been compared with its sum.
const surelyRecord = 256 << 10

// headBytes covers everything in front of the body, with IPv6 hosts: what StoreTimestamp and Size need.
const headBytes = 84

// StoreTimestamp reads the storeTimestamp (ms) of the record at offset without its body; ok is false where there is no
// record, or a damaged block.
func (l *Log) StoreTimestamp(offset Offset) (millis int64, ok bool) {
	var head [headBytes]byte
	n, bad, err := l.ReadChecked(head[:], offset)
	if err != nil || len(bad) > 0 || n < headBytes || binary.BigEndian.Uint32(head[4:]) != message.MagicRecord {
		return 0, false
	}
	return message.Record(head[:]).StoreTimestamp(), true
}

// Record reads the one record at offset into buf, growing it, compares its blocks with their sums and returns it. Its
// body's checksum is the caller's to compare. Errors: ErrOutOfRange, *CorruptError where no record begins at offset or a
// block of it is damaged, the file's.
func (l *Log) Record(offset Offset, buf []byte) (message.Record, error) {
	return l.record(offset, buf, l.readSound)
}

func (l *Log) record(offset Offset, buf []byte, read func([]byte, Offset) (int, error)) (message.Record, error) {
	var head [blankBytes]byte
	if n, err := l.ReadAt(head[:], offset); err != nil {
		return nil, err
	} else if n < len(head) {
		return nil, l.Corrupt(offset, message.ErrTruncated)
	}
	size, magic := int64(int32(binary.BigEndian.Uint32(head[:]))), binary.BigEndian.Uint32(head[4:])
	if magic != message.MagicRecord || size < blankBytes || size > surelyRecord {
		if _, err := read(head[:], offset); err != nil { // the length is not believed unseen
			return nil, err
		}
	}
	if magic != message.MagicRecord {
		return nil, l.Corrupt(offset, message.ErrMagic)
	}
	if size < blankBytes || size > l.FileBytes() {
		return nil, l.Corrupt(offset, message.ErrMalformed)
	}
	if int64(cap(buf)) < size {
		buf = make([]byte, size)
	}
	buf = buf[:size]
	n, err := read(buf, offset)
	if err != nil {
		return nil, err
	}
	return l.check(buf[:n], offset)
}

// readSound is ReadChecked for who can do nothing with a part: a bad block is a *CorruptError.
func (l *Log) readSound(p []byte, offset Offset) (int, error) {
	n, bad, err := l.ReadChecked(p, offset)
	if err == nil && len(bad) > 0 {
		err = l.Corrupt(bad[0], ErrBlockSum)
	}
	return n, err
}

// check parses the record that was read at offset.
func (l *Log) check(b []byte, offset Offset) (message.Record, error) {
	record, err := ParseRecordAt(b, offset)
	if err != nil {
		return nil, l.Corrupt(offset, err)
	}
	return record, nil
}

// ParseRecordAt is message.ParseRecord for bytes that lie at offset in the log: the record must say so. Its body is not
// looked at. Errors: those of ParseRecord.
func ParseRecordAt(b []byte, offset Offset) (message.Record, error) {
	record, err := message.ParseRecord(b)
	if err == nil && record.PhysicalOffset() != int64(offset) {
		return nil, fmt.Errorf("%w: it says it lies at %d", message.ErrMalformed, record.PhysicalOffset())
	}
	return record, err
}

// Corrupt names the file that holds offset.
func (l *Log) Corrupt(offset Offset, err error) *CorruptError {
	return &CorruptError{File: l.pathAt(offset), Offset: offset, Err: err}
}

// pathAt names the file that holds offset.
func (l *Log) pathAt(offset Offset) string {
	if s := l.files.Load().at(offset); s != nil {
		return s.path
	}
	return l.cfg.Dir
}
