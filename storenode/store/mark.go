package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"gantry/storenode/commitlog"
)

// markBytes is the size of gantry/recovery, which FORMAT.md describes.
const (
	markBytes = 80
	markMagic = "GRC2"
)

// ErrMark says that bytes are no recovery mark.
var ErrMark = errors.New("recovery mark makes no sense")

// timestamps are the checkpoint's: storeTimestamps (ms) up to which a part of the store is on the disk.
type timestamps struct {
	physic, logics, index int64
}

// safe is the storeTimestamp up to which log and queues surely are on the disk.
func (t timestamps) safe() int64 { return max(min(t.physic, t.logics)-3000, 0) }

func (t timestamps) append(dst []byte) []byte {
	for _, millis := range []int64{t.physic, t.logics, t.index} {
		dst = binary.BigEndian.AppendUint64(dst, uint64(millis))
	}
	return dst
}

func decodeTimestamps(b []byte) timestamps {
	be := binary.BigEndian
	return timestamps{int64(be.Uint64(b)), int64(be.Uint64(b[8:])), int64(be.Uint64(b[16:]))}
}

// mark is gantry/recovery: a place nearer than the checkpoint's to read from, and what the checkpoint should say.
type mark struct {
	at       commitlog.Offset // log, queues and index are on the disk up to it
	next     timestamps       // of the checkpoint it belongs to
	previous timestamps       // of the one before, which is there still if a crash came between the two writes
	lockTime int64            // ns; of the file lock
}

func (m mark) append(dst []byte) []byte {
	begin, be := len(dst), binary.BigEndian
	dst = append(dst, markMagic+"\x00\x00\x00\x00"...)
	dst = be.AppendUint64(dst, uint64(m.at))
	dst = m.previous.append(m.next.append(dst))
	dst = be.AppendUint64(dst, uint64(m.lockTime))
	dst = be.AppendUint32(dst, 0)
	return be.AppendUint32(dst, crc32.ChecksumIEEE(dst[begin:]))
}

func decodeMark(b []byte) (mark, error) {
	be := binary.BigEndian
	if string(b[:4]) != markMagic || crc32.ChecksumIEEE(b[:markBytes-4]) != be.Uint32(b[markBytes-4:]) {
		return mark{}, fmt.Errorf("%w: magic %q or checksum", ErrMark, b[:4])
	}
	m := mark{commitlog.Offset(be.Uint64(b[8:])), decodeTimestamps(b[16:]), decodeTimestamps(b[40:]), int64(be.Uint64(b[64:]))}
	if m.at < 0 {
		return mark{}, fmt.Errorf("%w: offset %d", ErrMark, m.at)
	}
	return m, nil
}
