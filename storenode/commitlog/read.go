package commitlog

import (
	"encoding/binary"
	"fmt"

	"gantry/remoting/message"
)

// ReadAt fills p from offset on, as far as the file that holds offset and the log's end go; n is less than len(p)
// where they end before. Errors: ErrOutOfRange (before Min or not before End), the file's.
func (l *Log) ReadAt(p []byte, offset Offset) (n int, err error) {
	end := l.End()
	if offset >= end {
		return 0, fmt.Errorf("read at %d: %w: it ends at %d", offset, ErrOutOfRange, end)
	}
	s := l.acquire(offset)
	if s == nil {
		return 0, fmt.Errorf("read at %d: %w: it begins at %d", offset, ErrOutOfRange, l.Min())
	}
	limit := min(s.start+Offset(l.FileBytes()), end)
	p = p[:min(int64(len(p)), int64(limit-offset))]
	n, err = s.file.ReadAt(p, int64(offset-s.start))
	if n == len(p) {
		err = nil
	}
	if releaseErr := s.release(); err == nil {
		err = releaseErr
	}
	if err != nil {
		return n, fmt.Errorf("read commit log %s at offset %d: %w", s.path, offset, err)
	}
	return n, nil
}

// headBytes covers everything in front of the body, with IPv6 hosts: what StoreTimestamp and Size need.
const headBytes = 84

// StoreTimestamp reads the storeTimestamp (ms) of the record at offset without its body; ok is false where there is no
// record.
func (l *Log) StoreTimestamp(offset Offset) (millis int64, ok bool) {
	var head [headBytes]byte
	n, err := l.ReadAt(head[:], offset)
	if err != nil || n < headBytes || binary.BigEndian.Uint32(head[4:]) != message.MagicRecord {
		return 0, false
	}
	return message.Record(head[:]).StoreTimestamp(), true
}

// Record reads the one record at offset into buf, growing it, and returns it. Errors: ErrOutOfRange, *CorruptError
// where no record begins at offset, the file's.
func (l *Log) Record(offset Offset, buf []byte) (message.Record, error) {
	var head [blankBytes]byte
	if n, err := l.ReadAt(head[:], offset); err != nil {
		return nil, err
	} else if n < len(head) {
		return nil, l.corrupt(offset, message.ErrTruncated)
	}
	size := int64(int32(binary.BigEndian.Uint32(head[:])))
	if binary.BigEndian.Uint32(head[4:]) != message.MagicRecord {
		return nil, l.corrupt(offset, message.ErrMagic)
	}
	if size < blankBytes || size > l.FileBytes() {
		return nil, l.corrupt(offset, message.ErrMalformed)
	}
	if int64(cap(buf)) < size {
		buf = make([]byte, size)
	}
	buf = buf[:size]
	n, err := l.ReadAt(buf, offset)
	if err != nil {
		return nil, err
	}
	return l.check(buf[:n], offset)
}

// check parses the record that was read at offset.
func (l *Log) check(b []byte, offset Offset) (message.Record, error) {
	record, err := ParseRecordAt(b, offset)
	if err != nil {
		return nil, l.corrupt(offset, err)
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

func (l *Log) corrupt(offset Offset, err error) *CorruptError {
	return &CorruptError{File: l.pathAt(offset), Offset: offset, Err: err}
}

// pathAt names the file that holds offset.
func (l *Log) pathAt(offset Offset) string {
	if s := l.files.Load().at(offset); s != nil {
		return s.path
	}
	return l.cfg.Dir
}
