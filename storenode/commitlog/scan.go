package commitlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"gantry/remoting/message"
)

// scanBytes is how much a Scanner reads at a time.
const scanBytes = 256 << 10

// Scanner reads the log record by record: dispatch and recovery follow it with the same code. It reads large pieces
// into a buffer of its own and is not for concurrent use. What lies in a block that differs from its sum is no record.
type Scanner struct {
	CheckBodies bool // compare bodies with their checksums

	log        *Log
	ignoreSums bool
	at         Offset // of the next record
	buf        []byte
	bufAt      Offset
	bad        []Offset                       // blocks of buf that differ from their sums
	passed     func(blank Offset, size int64) // told of each blank; may be nil
}

// Scan begins at offset, which must be where a record or a file begins.
func (l *Log) Scan(offset Offset) *Scanner { return &Scanner{log: l, at: offset, bufAt: offset} }

// Offset is where the next record is looked for: behind the last one.
func (s *Scanner) Offset() Offset { return s.at }

// Next returns the next record, borrowed until the next call. Errors: io.EOF at the log's end, *CorruptError where
// something else than a record lies before it (it names the block where that is known to be damaged, and else the place
// where the record should begin), ErrOutOfRange where the log begins later, the file's.
func (s *Scanner) Next() (message.Record, error) {
	for {
		if s.at >= s.log.End() {
			return nil, io.EOF
		}
		b, err := s.window(blankBytes)
		if err != nil {
			return nil, err
		}
		if err := s.sound(blankBytes); err != nil {
			return nil, err
		}
		if binary.BigEndian.Uint32(b[4:]) == message.MagicBlank {
			if s.passed != nil {
				s.passed(s.at, int64(binary.BigEndian.Uint32(b)))
			}
			s.nextFile()
			continue
		}
		record, err := s.record(b)
		if err != nil {
			return nil, err
		}
		s.at += Offset(len(record))
		return record, nil
	}
}

func (s *Scanner) nextFile() {
	size := Offset(s.log.FileBytes())
	s.at += size - (s.at-s.log.Min())%size
}

// record returns the record at s.at, whose first bytes are b.
func (s *Scanner) record(b []byte) (message.Record, error) {
	record, err := message.ParseRecord(b)
	if errors.Is(err, message.ErrTruncated) {
		size := int64(int32(binary.BigEndian.Uint32(b)))
		if size > s.log.FileBytes() {
			return nil, s.log.Corrupt(s.at, message.ErrMalformed)
		}
		if b, err = s.window(int(size)); err != nil {
			return nil, err
		}
	}
	if record, err = s.log.check(b, s.at); err != nil {
		return nil, err
	}
	if err := s.sound(len(record)); err != nil {
		return nil, err
	}
	if s.CheckBodies {
		if err := record.CheckBody(); err != nil {
			return nil, s.log.Corrupt(s.at, err)
		}
	}
	return record, nil
}

// sound says that no byte of the length that follow is in a damaged block.
func (s *Scanner) sound(length int) error {
	for _, block := range s.bad {
		if block < s.at+Offset(length) && s.at < block+BlockBytes {
			return s.log.Corrupt(block, ErrBlockSum)
		}
	}
	return nil
}

// window returns what the buffer holds from s.at on, at least need bytes of it.
func (s *Scanner) window(need int) ([]byte, error) {
	if have := s.bufAt + Offset(len(s.buf)) - s.at; s.at >= s.bufAt && have >= Offset(need) {
		return s.buf[s.at-s.bufAt:], nil
	}
	size := max(scanBytes, need)
	if cap(s.buf) < size || cap(s.buf) > max(size, 4*scanBytes) {
		s.buf = make([]byte, size)
	}
	n, err := s.read(s.buf[:size])
	s.buf, s.bufAt = s.buf[:n], s.at
	if err != nil {
		return nil, err
	}
	if n < need {
		return nil, s.log.Corrupt(s.at, message.ErrTruncated)
	}
	return s.buf, nil
}

func (s *Scanner) read(p []byte) (n int, err error) {
	if s.bad = nil; s.ignoreSums {
		return s.log.ReadAt(p, s.at)
	}
	n, s.bad, err = s.log.ReadChecked(p, s.at)
	return n, err
}

// Resync looks for the next record behind the damage that Next has met: bytes that parse as a record and say that they
// lie where they do. At the log's end it stops. Errors: the file's.
func (s *Scanner) Resync() error {
	magic := []byte{0xDA, 0xA3, 0x20, 0xA7}
	for s.at++; s.at < s.log.End(); {
		b, err := s.window(1)
		if err != nil {
			return err
		}
		switch found := bytes.Index(b, magic); {
		case found < 0:
			s.at += Offset(max(1, len(b)-blankBytes+1)) // the end of b may hold the beginning of a head
		case found < len(magic):
			s.at += Offset(found) + 1
		default:
			s.at += Offset(found - len(magic))
			if s.recordBegins() {
				return nil
			}
			s.at += Offset(len(magic)) + 1
		}
	}
	s.at = s.log.End()
	return nil
}

// recordBegins says that a whole record lies at s.at, not in a damaged block.
func (s *Scanner) recordBegins() bool {
	read := s.log.readSound
	if s.ignoreSums {
		read = s.log.ReadAt
	}
	_, err := s.log.record(s.at, nil, read)
	return err == nil
}
