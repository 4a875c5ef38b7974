package remoting

import (
	"encoding/binary"
	"fmt"
)

// The ROCKETMQ header (RocketMQSerializable): code i16, language i8, version
// i16, opaque i32, flag i32, remark (i32 length), fields (i32 length in bytes,
// then i16 key length, key, i32 value length, value).

func summarizeBinary(h []byte) (Summary, error) {
	_, ext, ok := cutBinary(h)
	for ok && len(ext) > 0 {
		_, ext, ok = cutField(ext)
	}
	if !ok {
		return Summary{}, binaryError(h)
	}
	return Summary{
		Code:   int32(int16(binary.BigEndian.Uint16(h))),
		Opaque: int32(binary.BigEndian.Uint32(h[5:])),
		Flag:   int32(binary.BigEndian.Uint32(h[9:])),
		Kind:   ROCKETMQ,
	}, nil
}

func binaryError(h []byte) error {
	return &FrameError{Reason: fmt.Sprintf("ROCKETMQ header of %d bytes ends inside a field", len(h))}
}

func (d *Decoder) decodeBinary(h []byte, c *Command) error {
	remark, ext, ok := cutBinary(h)
	if !ok {
		return binaryError(h)
	}
	c.Code = int32(int16(binary.BigEndian.Uint16(h)))
	c.Language = Language(h[2])
	c.Version = int32(int16(binary.BigEndian.Uint16(h[3:])))
	c.Opaque = int32(binary.BigEndian.Uint32(h[5:]))
	c.Flag = int32(binary.BigEndian.Uint32(h[9:]))
	c.Remark = string(remark)
	for len(ext) > 0 {
		var f Field
		if f, ext, ok = cutField(ext); !ok {
			return binaryError(h)
		}
		if len(f.Value) > 0 { // an empty value is null in Java's reader
			d.fields = append(d.fields, f)
		}
	}
	return nil
}

// cutBinary finds the parts of variable length.
func cutBinary(h []byte) (remark, ext []byte, ok bool) {
	if len(h) < binaryHeadSize {
		return nil, nil, false
	}
	remark, rest, ok := cut32(h[13:])
	if !ok {
		return nil, nil, false
	}
	ext, _, ok = cut32(rest)
	return remark, ext, ok
}

// cutField takes a field from the front of ext.
func cutField(ext []byte) (f Field, rest []byte, ok bool) {
	if len(ext) < 2 {
		return f, nil, false
	}
	n := int(binary.BigEndian.Uint16(ext))
	if ext = ext[2:]; n > len(ext) {
		return f, nil, false
	}
	f.Key = ext[:n:n]
	f.Value, rest, ok = cut32(ext[n:])
	return f, rest, ok
}

// cut32 takes a 32-bit length and that many bytes from the front of b.
func cut32(b []byte) (value, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := int64(binary.BigEndian.Uint32(b))
	if b = b[4:]; n > int64(len(b)) {
		return nil, nil, false
	}
	return b[:n:n], b[n:], true
}
