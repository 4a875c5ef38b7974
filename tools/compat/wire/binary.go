package wire

import (
	"encoding/binary"
	"fmt"
)

// languages are the names of the language codes in their order.
func languages() []string {
	return []string{"JAVA", "CPP", "DOTNET", "PYTHON", "DELPHI", "ERLANG", "RUBY", "OTHER", "HTTP", "GO", "PHP", "OMS", "RUST"}
}

// cursor reads big-endian values and remembers that it ran out of bytes.
type cursor struct {
	rest   []byte
	failed bool
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.rest) {
		c.failed = true
		return make([]byte, max(0, min(n, 8)))
	}
	out := c.rest[:n]
	c.rest = c.rest[n:]
	return out
}

func (c *cursor) int16() int { return int(int16(binary.BigEndian.Uint16(c.take(2)))) }

func (c *cursor) int32() int32 { return int32(binary.BigEndian.Uint32(c.take(4))) }

func (h *Header) parseBinary(b []byte) error {
	c := &cursor{rest: b}
	h.Code = c.int16()
	language := int(c.take(1)[0])
	if names := languages(); language < len(names) {
		h.Language = names[language]
	}
	h.Version = c.int16()
	h.Opaque = c.int32()
	h.Flag = int(c.int32())
	h.Remark = string(c.take(int(c.int32())))
	fields := &cursor{rest: c.take(int(c.int32()))}
	for len(fields.rest) > 0 && !fields.failed {
		key := string(fields.take(fields.int16()))
		value := string(fields.take(int(fields.int32())))
		if h.ExtFields == nil {
			h.ExtFields = map[string]string{}
		}
		h.ExtFields[key] = value
	}
	if c.failed || fields.failed {
		return fmt.Errorf("binary header of %d bytes: %w", len(b), ErrBadFrame)
	}
	return nil
}
