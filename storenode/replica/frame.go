package replica

import (
	"encoding/binary"
	"fmt"

	"gantry/storenode/commitlog"
)

// The stream, all integers big endian (HAConnection, HAService.HAClient 4.9.7):
//
//	slave to master   8 bytes: the end of the slave's log
//	master to slave   8 bytes offset, 4 bytes size, then size bytes of the log from
//	                  that offset on, of one file; of size 0, a heartbeat

const (
	reportBytes = 8
	headBytes   = 12
	// mostFrameBytes is what fits into the buffer of a Java slave.
	mostFrameBytes = 4<<20 - headBytes
	// longestFrameBytes is what a master's haTransferBatchSize may be told to be.
	longestFrameBytes = 64 << 20
)

// frameHead announces bytes of the log.
type frameHead struct {
	offset commitlog.Offset
	size   int
}

func (h frameHead) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.offset))
	return binary.BigEndian.AppendUint32(dst, uint32(h.size))
}

// decodeHead reads headBytes bytes.
func decodeHead(b []byte) (frameHead, error) {
	h := frameHead{commitlog.Offset(binary.BigEndian.Uint64(b)), int(int32(binary.BigEndian.Uint32(b[8:])))}
	if h.offset < 0 || h.size < 0 || h.size > longestFrameBytes {
		return h, fmt.Errorf("the master's frame makes no sense: %d bytes at offset %d", h.size, h.offset)
	}
	return h, nil
}

func appendReport(dst []byte, end commitlog.Offset) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(end))
}
