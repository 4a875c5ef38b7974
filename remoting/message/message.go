// Package message is the record of one message, which is the same on the wire (pull and query bodies) and on disk
// (the commit log): its fields, its encoding, its property string and the ids made from it.
//
// Everything above borrows from it: the storage node encodes records with AppendRecord and patches the assigned
// offsets into them, dispatch and pulls read single fields through Record without decoding the rest, tools and
// clients use Decode. It knows no files, no sockets and no request codes, it opens no compressed body, and it
// imports nothing of ours.
//
// All integers are big endian. The bytes are those of the Java broker 4.9.7 (CommitLog, MessageDecoder).
package message

import (
	"errors"
	"hash/crc32"
	"net/netip"
)

// Limits of the record's length fields.
const (
	MaxTopicBytes      = 127   // one signed byte
	MaxPropertiesBytes = 32767 // one signed 16-bit integer
)

// Errors of encoding; match them with errors.Is.
var (
	ErrTopicTooLong      = errors.New("topic is longer than 127 bytes")
	ErrPropertiesTooLong = errors.New("properties are longer than 32767 bytes")
	ErrRecordTooLong     = errors.New("record is longer than 2147483647 bytes")
)

// Errors of decoding; match them with errors.Is.
var (
	ErrTruncated = errors.New("record ends before its length")
	ErrMagic     = errors.New("record has no known magic code")
	ErrMalformed = errors.New("record lengths contradict each other")
	ErrBodyCRC   = errors.New("body differs from its checksum")
	ErrOffsetID  = errors.New("offset message id is malformed")
)

// Message is one message with all fields of its record.
//
// After Decode, Body and Properties borrow the decoded bytes.
type Message struct {
	Topic          string
	QueueID        int32
	Flag           int32 // the application's own, stored as it came
	SysFlag        int32 // bits below; the host bits are computed from the hosts when encoding
	ReconsumeTimes int32

	QueueOffset               int64 // ordinal in the queue; 0 for prepared and rolled-back messages
	PhysicalOffset            int64 // bytes from the start of the commit log
	BornTimestamp             int64 // ms since 1970, the producer's clock
	StoreTimestamp            int64 // ms since 1970, the node's clock
	PreparedTransactionOffset int64 // physical offset of the half message

	BornHost  netip.AddrPort // the client
	StoreHost netip.AddrPort // the node as written at append

	Body       []byte
	Properties Properties
	BodyCRC    uint32 // filled by Decode; computed when encoding
}

// Bits of Message.SysFlag (MessageSysFlag).
const (
	FlagCompressed          int32 = 0x1
	FlagMultiTags           int32 = 0x2
	FlagTransactionPrepared int32 = 0x4
	FlagTransactionCommit   int32 = 0x8
	FlagTransactionRollback int32 = 0xC
	FlagTransactionMask     int32 = 0xC
	FlagBornHostV6          int32 = 0x10
	FlagStoreHostV6         int32 = 0x20
	FlagNeedUnwrap          int32 = 0x40 // 5.x
	FlagInnerBatch          int32 = 0x80 // 5.x
	FlagCompressionLZ4      int32 = 0x100
	FlagCompressionZstd     int32 = 0x200
	FlagCompressionZlib     int32 = 0x300
	FlagCompressionMask     int32 = 0x700
)

// TransactionType is the transaction part of sysFlag: 0 where the message is in no transaction, else one of the three
// FlagTransaction values.
func TransactionType(sysFlag int32) int32 { return sysFlag & FlagTransactionMask }

// BodyChecksum is the checksum a record carries of its body: CRC-32 without the sign bit (UtilAll.crc32).
func BodyChecksum(body []byte) uint32 { return crc32.ChecksumIEEE(body) & 0x7FFFFFFF }
