// Package wire reads RocketMQ remoting frames and asks a server single questions, for the recorder and for the checks around
// the stock clients. It is written apart from the server's own codec on purpose: a judge does not borrow the eyes of the
// judged. It holds no connections open and retries nothing.
package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxFrameBytes bounds a frame, as the Java decoder does.
const MaxFrameBytes = 16 << 20

// Bits of a header's flag.
const (
	ResponseFlag = 1
	OnewayFlag   = 2
)

// Kind is how a frame's header is written.
type Kind byte

// The two kinds of header.
const (
	JSON     Kind = 0
	RocketMQ Kind = 1
)

// ErrBadFrame says that bytes are no frame.
var ErrBadFrame = errors.New("not a remoting frame")

// Frame is one frame: its bytes as they came, the four of the length included, and what its header says.
type Frame struct {
	Raw  []byte
	Kind Kind
	Header
	Body []byte
}

// Header is the part of a frame's header that the checks look at.
type Header struct {
	Code      int               `json:"code"`
	Language  string            `json:"language"`
	Version   int               `json:"version"`
	Opaque    int32             `json:"opaque"`
	Flag      int               `json:"flag"`
	Remark    string            `json:"remark,omitempty"`
	ExtFields map[string]string `json:"extFields,omitempty"`
}

// IsResponse tells a reply from a request.
func (h *Header) IsResponse() bool { return h.Flag&ResponseFlag != 0 }

// Read takes the next frame from r. The error is io.EOF when r ended between two frames.
func Read(r io.Reader) (*Frame, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(length[:])
	if size < 4 || size > MaxFrameBytes {
		return nil, fmt.Errorf("length %d: %w", size, ErrBadFrame)
	}
	raw := make([]byte, 4+size)
	copy(raw, length[:])
	if _, err := io.ReadFull(r, raw[4:]); err != nil {
		return nil, fmt.Errorf("read a frame of %d bytes: %w", size, err)
	}
	return Parse(raw)
}

// Parse reads a frame from its bytes, the four of the length included.
func Parse(raw []byte) (*Frame, error) {
	if len(raw) < 8 || int(binary.BigEndian.Uint32(raw)) != len(raw)-4 {
		return nil, fmt.Errorf("%d bytes: %w", len(raw), ErrBadFrame)
	}
	word := binary.BigEndian.Uint32(raw[4:])
	headerEnd := 8 + int(word&0xFFFFFF)
	if headerEnd > len(raw) {
		return nil, fmt.Errorf("header ends at %d of %d: %w", headerEnd, len(raw), ErrBadFrame)
	}
	f := &Frame{Raw: raw, Kind: Kind(word >> 24), Body: raw[headerEnd:]}
	switch f.Kind {
	case JSON:
		if err := json.Unmarshal(raw[8:headerEnd], &f.Header); err != nil {
			return nil, fmt.Errorf("JSON header: %w", err)
		}
	case RocketMQ:
		if err := f.Header.parseBinary(raw[8:headerEnd]); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("header kind %d: %w", f.Kind, ErrBadFrame)
	}
	return f, nil
}

// Append writes a request or reply with a JSON header after dst.
func Append(dst []byte, h Header, body []byte) ([]byte, error) {
	header, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("encode header: %w", err)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(4+len(header)+len(body)))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(header)))
	return append(append(dst, header...), body...), nil
}
