package message

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
)

// ErrBatch says that a batch body ends inside an inner message or carries an impossible length.
var ErrBatch = errors.New("batch body is malformed")

// batchFixedBytes: total size, magic, body checksum, flag, body length, properties length.
const batchFixedBytes = 4 + 4 + 4 + 4 + 4 + 2

// Inner is one message inside the body of a batch send (code 320). Body and Properties borrow the batch's body.
type Inner struct {
	Flag       int32
	Body       []byte
	Properties Properties
}

// SplitBatch iterates over the inner messages of a batch body. The first malformed one ends the iteration with an
// error (ErrBatch with its number and place). An empty body has no messages. Total size, magic and checksum inside the
// batch are not looked at: no client fills the latter two, and the Java broker reads none of them.
func SplitBatch(body []byte) iter.Seq2[Inner, error] {
	return func(yield func(Inner, error) bool) {
		for number, at := 0, 0; at < len(body); number++ {
			inner, n, err := splitInner(body[at:])
			if err != nil {
				yield(Inner{}, fmt.Errorf("%w: message %d at byte %d: %s", ErrBatch, number, at, err))
				return
			}
			if !yield(inner, nil) {
				return
			}
			at += n
		}
	}
}

type batchFault string

func (f batchFault) Error() string { return string(f) }

const (
	faultHead       batchFault = "it ends inside the fixed fields"
	faultBody       batchFault = "its body length is negative or past the end"
	faultProperties batchFault = "its properties length is negative or past the end"
)

func splitInner(b []byte) (Inner, int, error) {
	if len(b) < batchFixedBytes {
		return Inner{}, 0, faultHead
	}
	bodyLen := int(int32(binary.BigEndian.Uint32(b[16:])))
	if bodyLen < 0 || bodyLen > len(b)-batchFixedBytes {
		return Inner{}, 0, faultBody
	}
	at := 20 + bodyLen
	propertiesLen := int(int16(binary.BigEndian.Uint16(b[at:])))
	end := at + 2 + propertiesLen
	if propertiesLen < 0 || end > len(b) {
		return Inner{}, 0, faultProperties
	}
	return Inner{
		Flag:       int32(binary.BigEndian.Uint32(b[12:])),
		Body:       b[20:at:at],
		Properties: Properties(b[at+2 : end : end]),
	}, end, nil
}

// AppendInner appends one inner message to a batch body, as clients encode it (MessageDecoder.encodeMessage).
// Errors: ErrPropertiesTooLong, ErrRecordTooLong.
func AppendInner(dst []byte, inner Inner) ([]byte, error) {
	size := batchFixedBytes + len(inner.Body) + len(inner.Properties)
	if err := checkLengths(&Message{Properties: inner.Properties}, size); err != nil {
		return dst, err
	}
	be := binary.BigEndian
	dst = be.AppendUint32(dst, uint32(size))
	dst = be.AppendUint64(dst, 0) // magic and checksum, unused
	dst = be.AppendUint32(dst, uint32(inner.Flag))
	dst = be.AppendUint32(dst, uint32(len(inner.Body)))
	dst = append(dst, inner.Body...)
	dst = be.AppendUint16(dst, uint16(len(inner.Properties)))
	return append(dst, inner.Properties...), nil
}

// AppendProperties joins the properties of a batch's header to those of an inner message, as the Java broker stores
// them: more follows p, with 0x02 between the two where p lacks its last one.
func (p Properties) AppendProperties(more Properties) Properties {
	if len(p) > 0 && len(more) > 0 && p[len(p)-1] != valueEnd {
		p = append(p, valueEnd)
	}
	return append(p, more...)
}
