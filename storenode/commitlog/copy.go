package commitlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"gantry/remoting/message"
)

// A slave's log is its master's, byte for byte at equal offsets. What it appends are pieces of it: whole records as they
// lie there, and the blank that ends a file together with all behind it.

// Piece is one record, or the blank with the rest of its file.
type Piece struct {
	Bytes int64 // of the log
	Blank bool
}

// pieceHead is what must be there of a record before its length is believed: everything up to its physicalOffset.
const pieceHead = 36

// NextPiece says what begins with b, which is what a master's log has at offset at. As long as too little of it is there to
// tell, Bytes is 0. Errors: *CorruptError without a file where it is neither record nor blank, or ends elsewhere than it
// would in this log's files.
func (l *Log) NextPiece(b []byte, at Offset) (Piece, error) {
	if len(b) < blankBytes {
		return Piece{}, nil
	}
	size, magic, room := int64(int32(binary.BigEndian.Uint32(b))), binary.BigEndian.Uint32(b[4:]), l.room(at)
	var err error
	switch {
	case magic == message.MagicBlank && size == room:
		return Piece{Bytes: size, Blank: true}, nil
	case magic == message.MagicBlank:
		err = fmt.Errorf("%w: here %d bytes are left, there %d", ErrFileSize, room, size)
	case magic != message.MagicRecord:
		err = message.ErrMagic
	case len(b) < pieceHead:
		return Piece{}, nil
	case int64(binary.BigEndian.Uint64(b[pieceHead-8:])) != int64(at) || size <= pieceHead:
		err = message.ErrMalformed
	case size+blankBytes > room:
		err = fmt.Errorf("%w: here %d bytes are left, the record has %d", ErrFileSize, room, size)
	default:
		return Piece{Bytes: size}, nil
	}
	return Piece{}, &CorruptError{File: "the master's log", Offset: at, Err: err}
}

// room is how much of the file that at lies in follows at.
func (l *Log) room(at Offset) int64 {
	size := Offset(l.FileBytes())
	return int64(size - (at-l.Min())%size)
}

// AppendCopy is Append for what a master's log has at r.Offset, which must be this log's end: pieces of one file, the last
// of them perhaps the blank with the rest of its file. They are written as they are, and the sums of bodies compared.
// Topic and QueueID are not looked at. Nobody else appends to a slave's log, so that it is written on the caller's
// goroutine, and Done called from there or the syncer. Further errors: *CorruptError; ErrNotAtEnd, as r.Err.
func (l *Log) AppendCopy(r *Request) error {
	if err := l.prepareCopy(r); err != nil {
		return err
	}
	if f := l.failure.Load(); f != nil && !f.mayRetry() {
		return f.err
	}
	return l.appender.copy(r)
}

func (l *Log) prepareCopy(r *Request) error {
	r.Err, r.Count, r.copied, r.copiedUntil, r.lastRecord, r.StoreTimestamp, r.zeros = nil, 0, true, r.Offset, -1, 0, 0
	for rest := r.Records; len(rest) > 0; {
		piece, err := l.NextPiece(rest, r.copiedUntil)
		if err != nil {
			return err
		}
		if piece.Bytes == 0 || int64(len(rest)) < piece.Bytes || piece.Blank && int64(len(rest)) > piece.Bytes {
			return fmt.Errorf("%w: %d bytes at %d", ErrMalformed, len(rest), r.copiedUntil)
		}
		if piece.Blank {
			r.zeros = trailingZeros(rest[blankBytes:])
		} else if err := r.noteCopied(rest); err != nil {
			return &CorruptError{File: "the master's log", Offset: r.copiedUntil, Err: err}
		}
		rest = rest[piece.Bytes:]
		r.copiedUntil += Offset(piece.Bytes)
	}
	if r.copiedUntil == r.Offset {
		return fmt.Errorf("%w: it is empty", ErrMalformed)
	}
	return nil
}

// trailingZeros counts what need not be written behind a blank: behind the log's end all is zeros, and the file stays sparse.
func trailingZeros(b []byte) int { return len(b) - len(bytes.TrimRight(b, "\x00")) }

func (r *Request) noteCopied(b []byte) error {
	record, err := message.ParseRecord(b)
	if err == nil {
		err = record.CheckBody()
	}
	if err != nil {
		return err
	}
	r.Count++
	r.lastRecord, r.StoreTimestamp = r.copiedUntil, max(r.StoreTimestamp, record.StoreTimestamp())
	return nil
}

// writeCopy writes the request and lets readers see it.
func (a *appender) writeCopy(r *Request) error {
	if end := a.log.End(); r.Offset != end {
		return fmt.Errorf("%w: %d, the end is %d", ErrNotAtEnd, r.Offset, end)
	}
	if _, err := a.log.extend(r.Offset + Offset(a.log.room(r.Offset)) - Offset(a.log.FileBytes())); err != nil {
		return err
	}
	if err := a.writeAt(r.Records[:len(r.Records)-r.zeros], r.Offset); err != nil {
		return err
	}
	a.bufAt = r.copiedUntil
	last := r.lastRecord
	if last < 0 {
		last = Offset(a.log.lastRecord.Load())
	}
	a.publish(last, max(r.StoreTimestamp, a.log.lastStoreTime.Load()))
	return nil
}

// BeginAt has a log that holds nothing begin, and end, at offset. Errors: ErrNotEmpty, ErrFileSize where no file of this
// log's size begins there, ErrClosed, *WriteError.
func (l *Log) BeginAt(offset Offset) error {
	done := make(chan error, 1)
	if err := l.Control(func() { done <- l.appender.beginAt(offset) }); err != nil {
		return err
	}
	return <-done
}

func (a *appender) beginAt(offset Offset) error {
	l := a.log
	files := l.files.Load()
	switch {
	case l.End() != l.Min():
		return fmt.Errorf("begin at %d: %w: it has [%d, %d)", offset, ErrNotEmpty, l.Min(), l.End())
	case l.End() == offset:
		return nil
	case int64(offset)%files.fileBytes != 0:
		return fmt.Errorf("begin at %d: %w: here a file has %d bytes", offset, ErrFileSize, files.fileBytes)
	}
	for _, s := range files.segments {
		if err := errors.Join(l.cfg.FS.Remove(s.path), s.release()); err != nil {
			return &WriteError{File: s.path, Op: "remove", Err: err}
		}
	}
	l.files.Store(&fileList{fileBytes: files.fileBytes})
	s, err := l.makeFile(offset, files.fileBytes)
	if err != nil {
		l.end.Store(0)
		return err
	}
	l.files.Store(&fileList{fileBytes: files.fileBytes, segments: []*segment{s}})
	l.flushed.Store(int64(offset))
	l.end.Store(int64(offset))
	return nil
}

// LastRecord is where a record begins behind which there is little: that of the last request, or of the last that recovery
// has seen. ok is false where the log has none. Error: the file's.
func (l *Log) LastRecord() (at Offset, ok bool, err error) {
	if at := Offset(l.lastRecord.Load()); at >= l.Min() && at < l.End() {
		return at, true, nil
	}
	starts := l.Starts()
	for i := len(starts) - 1; i >= 0 && !ok && err == nil; i-- {
		at, ok, err = l.lastRecordFrom(starts[i])
	}
	return at, ok, err
}

func (l *Log) lastRecordFrom(start Offset) (at Offset, ok bool, err error) {
	scanner := l.Scan(start)
	for {
		record, err := scanner.Next()
		if errors.Is(err, io.EOF) {
			return at, ok, nil
		}
		if err != nil {
			return 0, false, err
		}
		at, ok = Offset(record.PhysicalOffset()), true
	}
}

// Safe is the offset before which the log has what flushDiskType promises: the kernel's, or the disk's.
func (l *Log) Safe() Offset {
	if l.cfg.FlushDiskType == SyncFlush {
		return Offset(l.flushed.Load())
	}
	return l.End()
}
