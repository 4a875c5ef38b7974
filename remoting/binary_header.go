package remoting

import (
	"encoding/binary"
	"fmt"
)

// The ROCKETMQ header (RocketMQSerializable): code i16, language i8, version
// i16, opaque i32, flag i32, remark (i32 length), fields (i32 length in bytes,
// then i16 key length, key, i32 value length, value).

func summarizeBinary(h []byte) (Summary, error) {
	if len(h) < binaryHeadSize {
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
	sum, err := summarizeBinary(h)
	if err != nil {
		return err
	}
	c.Code, c.Opaque, c.Flag = sum.Code, sum.Opaque, sum.Flag
	c.Language = Language(h[2])
	c.Version = int32(int16(binary.BigEndian.Uint16(h[3:])))
	rest := h[13:]
	remark, rest, ok := cut32(rest)
	if !ok {
		return binaryError(h)
	}
	c.Remark = string(remark)
	ext, _, ok := cut32(rest)
	if !ok || !d.binaryFields(ext) {
		return binaryError(h)
	}
	return nil
}

func (d *Decoder) binaryFields(ext []byte) bool {
	for len(ext) > 0 {
		if len(ext) < 2 {
			return false
		}
		n := int(binary.BigEndian.Uint16(ext))
		if ext = ext[2:]; n > len(ext) {
			return false
		}
		key := ext[:n:n]
		value, rest, ok := cut32(ext[n:])
		if !ok {
			return false
		}
		if ext = rest; len(value) > 0 { // an empty value is null in Java's reader
			d.fields = append(d.fields, Field{key, value})
		}
	}
	return true
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
