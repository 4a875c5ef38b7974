package message

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"slices"
)

// Magic codes: the first of each record, and of the blank that fills the end of a commit log file.
const (
	MagicRecord uint32 = 0xDAA320A7
	MagicBlank  uint32 = 0xCBD43194
)

// fixedBytes is the size of a record with IPv4 hosts and without body, topic and properties.
const fixedBytes = 91

const (
	hostBytesV4 = 8
	hostBytesV6 = 20
)

// RecordSize is the number of bytes AppendRecord writes for m.
func RecordSize(m *Message) int {
	size := fixedBytes + len(m.Body) + len(m.Topic) + len(m.Properties)
	if isV6(m.BornHost) {
		size += hostBytesV6 - hostBytesV4
	}
	if isV6(m.StoreHost) {
		size += hostBytesV6 - hostBytesV4
	}
	return size
}

// AppendRecord appends the record of m to dst. The body's checksum and the host bits of sysFlag are computed; all
// other fields are written as they stand, the two offsets and storeTimestamp usually to be patched by the appender.
// Errors: ErrTopicTooLong, ErrPropertiesTooLong, ErrRecordTooLong; dst is returned unchanged then.
func AppendRecord(dst []byte, m *Message) ([]byte, error) {
	size := RecordSize(m)
	if err := checkLengths(m, size); err != nil {
		return dst, err
	}
	be := binary.BigEndian
	dst = slices.Grow(dst, size)
	dst = be.AppendUint32(dst, uint32(size))
	dst = be.AppendUint32(dst, MagicRecord)
	dst = be.AppendUint32(dst, BodyChecksum(m.Body))
	dst = be.AppendUint32(dst, uint32(m.QueueID))
	dst = be.AppendUint32(dst, uint32(m.Flag))
	dst = be.AppendUint64(dst, uint64(m.QueueOffset))
	dst = be.AppendUint64(dst, uint64(m.PhysicalOffset))
	dst = be.AppendUint32(dst, uint32(sysFlagWithHosts(m)))
	dst = be.AppendUint64(dst, uint64(m.BornTimestamp))
	dst = appendHost(dst, m.BornHost)
	dst = be.AppendUint64(dst, uint64(m.StoreTimestamp))
	dst = appendHost(dst, m.StoreHost)
	dst = be.AppendUint32(dst, uint32(m.ReconsumeTimes))
	dst = be.AppendUint64(dst, uint64(m.PreparedTransactionOffset))
	dst = be.AppendUint32(dst, uint32(len(m.Body)))
	dst = append(dst, m.Body...)
	dst = append(dst, byte(len(m.Topic)))
	dst = append(dst, m.Topic...)
	dst = be.AppendUint16(dst, uint16(len(m.Properties)))
	return append(dst, m.Properties...), nil
}

func checkLengths(m *Message, size int) error {
	switch {
	case len(m.Topic) > MaxTopicBytes:
		return fmt.Errorf("encode message: %w: it has %d", ErrTopicTooLong, len(m.Topic))
	case len(m.Properties) > MaxPropertiesBytes:
		return fmt.Errorf("encode message: %w: they have %d", ErrPropertiesTooLong, len(m.Properties))
	case size > math.MaxInt32:
		return fmt.Errorf("encode message: %w: it has %d", ErrRecordTooLong, size)
	}
	return nil
}

func sysFlagWithHosts(m *Message) int32 {
	flag := m.SysFlag &^ (FlagBornHostV6 | FlagStoreHostV6)
	if isV6(m.BornHost) {
		flag |= FlagBornHostV6
	}
	if isV6(m.StoreHost) {
		flag |= FlagStoreHostV6
	}
	return flag
}

// isV6 says whether the host takes 16 bytes. An IPv4 address in IPv6 clothes, as a dual-stack listener reports its
// peers, is IPv4 in a record, as it is for Java.
func isV6(host netip.AddrPort) bool {
	addr := host.Addr()
	return addr.Is6() && !addr.Is4In6()
}

func appendHost(dst []byte, host netip.AddrPort) []byte {
	addr := host.Addr()
	switch {
	case isV6(host):
		ip := addr.As16()
		dst = append(dst, ip[:]...)
	case addr.IsValid():
		ip := addr.Unmap().As4()
		dst = append(dst, ip[:]...)
	default:
		dst = append(dst, 0, 0, 0, 0)
	}
	return binary.BigEndian.AppendUint32(dst, uint32(host.Port()))
}
