package message

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Offsets of the fields that lie before the first host and so never move.
const (
	posTotalSize      = 0
	posMagic          = 4
	posBodyCRC        = 8
	posQueueID        = 12
	posFlag           = 16
	posQueueOffset    = 20
	posPhysicalOffset = 28
	posSysFlag        = 36
	posBornTimestamp  = 40
	posBornHost       = 48
)

// Record is one encoded record, exactly as long as its first field says. Get one from ParseRecord: the accessors trust
// the lengths inside. What they return borrows the record's bytes.
type Record []byte

// ParseRecord checks the lengths of the record at the start of b, whatever follows it, and returns it without reading
// its body. Errors: ErrTruncated (b is shorter than the record), ErrMagic, ErrMalformed. None of them allocates.
func ParseRecord(b []byte) (Record, error) {
	if len(b) < posMagic+4 {
		return nil, ErrTruncated
	}
	if binary.BigEndian.Uint32(b[posMagic:]) != MagicRecord {
		return nil, ErrMagic
	}
	size := int(int32(binary.BigEndian.Uint32(b)))
	if size < fixedBytes {
		return nil, ErrMalformed
	}
	if len(b) < size {
		return nil, ErrTruncated
	}
	r := Record(b[:size:size])
	if !r.lengthsAgree() {
		return nil, ErrMalformed
	}
	return r, nil
}

// lengthsAgree says whether the inner lengths add up to the whole record's.
func (r Record) lengthsAgree() bool {
	at := r.posBody()
	if at > len(r) {
		return false
	}
	bodyLen := int(int32(r.u32(at - 4)))
	if bodyLen < 0 || bodyLen > len(r)-at-3 {
		return false
	}
	at += bodyLen
	topicLen := int(int8(r[at]))
	if topicLen < 0 || topicLen > len(r)-at-3 {
		return false
	}
	at += 1 + topicLen
	propertiesLen := int(int16(binary.BigEndian.Uint16(r[at:])))
	return propertiesLen >= 0 && at+2+propertiesLen == len(r)
}

func (r Record) u32(at int) uint32 { return binary.BigEndian.Uint32(r[at:]) }
func (r Record) u64(at int) uint64 { return binary.BigEndian.Uint64(r[at:]) }

func (r Record) bornHostBytes() int {
	if r.SysFlag()&FlagBornHostV6 != 0 {
		return hostBytesV6
	}
	return hostBytesV4
}

func (r Record) storeHostBytes() int {
	if r.SysFlag()&FlagStoreHostV6 != 0 {
		return hostBytesV6
	}
	return hostBytesV4
}

func (r Record) posStoreTimestamp() int { return posBornHost + r.bornHostBytes() }
func (r Record) posStoreHost() int      { return r.posStoreTimestamp() + 8 }
func (r Record) posReconsume() int      { return r.posStoreHost() + r.storeHostBytes() }
func (r Record) posBody() int           { return r.posReconsume() + 4 + 8 + 4 }

// posTopic is the place of the topic's length byte.
func (r Record) posTopic() int {
	body := r.posBody()
	return body + int(r.u32(body-4))
}

// Size is the record's length in bytes.
func (r Record) Size() int { return len(r) }

// BodyCRC is the checksum the record carries, see BodyChecksum.
func (r Record) BodyCRC() uint32 { return r.u32(posBodyCRC) }

// QueueID is the queue's number in its topic.
func (r Record) QueueID() int32 { return int32(r.u32(posQueueID)) }

// Flag is the application's flag.
func (r Record) Flag() int32 { return int32(r.u32(posFlag)) }

// QueueOffset is the ordinal in the queue.
func (r Record) QueueOffset() int64 { return int64(r.u64(posQueueOffset)) }

// PhysicalOffset is the record's own place in the commit log.
func (r Record) PhysicalOffset() int64 { return int64(r.u64(posPhysicalOffset)) }

// SysFlag holds the Flag bits.
func (r Record) SysFlag() int32 { return int32(r.u32(posSysFlag)) }

// BornTimestamp is in ms since 1970.
func (r Record) BornTimestamp() int64 { return int64(r.u64(posBornTimestamp)) }

// BornHost is the client's address.
func (r Record) BornHost() netip.AddrPort {
	return readHost(r[posBornHost:r.posStoreTimestamp()])
}

// StoreTimestamp is in ms since 1970.
func (r Record) StoreTimestamp() int64 { return int64(r.u64(r.posStoreTimestamp())) }

// StoreHost is the node's address as written at append.
func (r Record) StoreHost() netip.AddrPort {
	return readHost(r[r.posStoreHost():r.posReconsume()])
}

// ReconsumeTimes counts the retries so far.
func (r Record) ReconsumeTimes() int32 { return int32(r.u32(r.posReconsume())) }

// PreparedTransactionOffset is the physical offset of the half message, 0 where there is none.
func (r Record) PreparedTransactionOffset() int64 { return int64(r.u64(r.posReconsume() + 4)) }

// Body is the message's body.
func (r Record) Body() []byte { return r[r.posBody():r.posTopic():r.posTopic()] }

// Topic is the topic's name.
func (r Record) Topic() []byte {
	at := r.posTopic()
	return r[at+1 : at+1+int(r[at])]
}

// Properties is the raw property string.
func (r Record) Properties() Properties {
	at := r.posTopic()
	return Properties(r[at+1+int(r[at])+2 : len(r) : len(r)])
}

// CheckBody compares the body with its checksum. Error: ErrBodyCRC. An empty body has none to compare, as in Java.
func (r Record) CheckBody() error {
	body := r.Body()
	if len(body) == 0 {
		return nil
	}
	if got, want := BodyChecksum(body), r.BodyCRC(); got != want {
		return fmt.Errorf("%w: checksum %#x, body has %#x", ErrBodyCRC, want, got)
	}
	return nil
}

// SetQueueOffset writes the ordinal into the record.
func (r Record) SetQueueOffset(offset int64) {
	binary.BigEndian.PutUint64(r[posQueueOffset:], uint64(offset))
}

// SetPhysicalOffset writes the record's place in the commit log into it.
func (r Record) SetPhysicalOffset(offset int64) {
	binary.BigEndian.PutUint64(r[posPhysicalOffset:], uint64(offset))
}

// SetStoreTimestamp writes the time of the append, ms since 1970; storeHost stays.
func (r Record) SetStoreTimestamp(millis int64) {
	binary.BigEndian.PutUint64(r[r.posStoreTimestamp():], uint64(millis))
}

func readHost(b []byte) netip.AddrPort {
	port := uint16(binary.BigEndian.Uint32(b[len(b)-4:]))
	if len(b) == hostBytesV4 {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b)), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b)), port)
}
