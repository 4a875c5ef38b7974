package commitlog

import (
	"bytes"
	"encoding/binary"
	"errors"

	"gantry/remoting/message"
)

var errTorn = errors.New("the last record is zeros in part")

const (
	sectorBytes   = 512
	leastTornZero = 8
)

// tornAtEnd says that record is the log's last one and that part of its topic or properties never reached the disk. The
// record's checksum covers its body only, so a write torn behind the body would pass for a message with other
// properties. Zeros in a record that others follow are taken for what the client sent.
func (l *Log) tornAtEnd(record message.Record) bool {
	if !looksTorn(record) {
		return false
	}
	_, err := l.Scan(Offset(record.PhysicalOffset()) + Offset(len(record))).Next()
	return err != nil
}

// looksTorn says that the record ends in a zero its properties cannot end in, that its topic has a zero, or that a
// whole piece of its properties between two sector borders is zeros.
func looksTorn(record message.Record) bool {
	properties := record.Properties()
	if bytes.IndexByte(record.Topic(), 0) >= 0 {
		return true
	}
	if len(properties) == 0 || bytes.IndexByte(properties, 0) < 0 {
		return false
	}
	if properties[len(properties)-1] == 0 {
		return true
	}
	at := record.PhysicalOffset() + int64(len(record)-len(properties))
	for rest := properties; len(rest) > 0; {
		n := min(len(rest), int(sectorBytes-at%sectorBytes))
		if n >= leastTornZero && len(bytes.TrimLeft(rest[:n], "\x00")) == 0 {
			return true
		}
		rest, at = rest[n:], at+int64(n)
	}
	return false
}

// mendBlanks writes the lengths of blanks anew that a power loss has torn between two sectors, whose magic is there. Nobody
// who reads needs them, but a slave compares where files end.
func (l *Log) mendBlanks(torn []Offset) error {
	for _, at := range torn {
		s := l.files.Load().at(at)
		if l.sealed(at) {
			continue
		}
		l.cfg.Logger.Warn("the blank that ends a commit log file was torn and is mended", "file", s.path, "offset", int64(at))
		if _, err := s.file.WriteAt(binary.BigEndian.AppendUint32(nil, uint32(l.room(at))), int64(at-s.start)); err != nil {
			return err
		}
	}
	return nil
}
