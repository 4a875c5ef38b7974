package message

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
)

const (
	offsetIDCharsV4 = 32
	offsetIDCharsV6 = 56
	upperHex        = "0123456789ABCDEF"
)

// AppendOffsetID appends the offset message id (the msgId of a send response): host, port and physical offset as 32
// upper-case hex characters for an IPv4 host, 56 for an IPv6 one.
func AppendOffsetID(dst []byte, storeHost netip.AddrPort, physicalOffset int64) []byte {
	var raw [offsetIDCharsV6 / 2]byte
	b := appendHost(raw[:0], storeHost)
	b = binary.BigEndian.AppendUint64(b, uint64(physicalOffset))
	for _, c := range b {
		dst = append(dst, upperHex[c>>4], upperHex[c&0xF])
	}
	return dst
}

// OffsetID is AppendOffsetID as a string.
func OffsetID(storeHost netip.AddrPort, physicalOffset int64) string {
	var buf [offsetIDCharsV6]byte
	return string(AppendOffsetID(buf[:0], storeHost, physicalOffset))
}

// ParseOffsetID reads an id written by OffsetID or by any RocketMQ server, in either case of hex. Error: ErrOffsetID.
func ParseOffsetID(id string) (storeHost netip.AddrPort, physicalOffset int64, err error) {
	if len(id) != offsetIDCharsV4 && len(id) != offsetIDCharsV6 {
		return netip.AddrPort{}, 0, fmt.Errorf("%w: it has %d characters, not 32 or 56", ErrOffsetID, len(id))
	}
	raw, err := hex.DecodeString(id)
	if err != nil {
		return netip.AddrPort{}, 0, fmt.Errorf("%w: %w", ErrOffsetID, err)
	}
	host := raw[:len(raw)-8]
	if port := binary.BigEndian.Uint32(host[len(host)-4:]); port > math.MaxUint16 {
		return netip.AddrPort{}, 0, fmt.Errorf("%w: port %d", ErrOffsetID, port)
	}
	return readHost(host), int64(binary.BigEndian.Uint64(raw[len(raw)-8:])), nil
}
