package remoting

import (
	"encoding/binary"
	"fmt"
)

// A frame is: length (4 bytes, not counting itself), header kind (1), header
// length (3), header, body.
const (
	lengthSize      = 4
	frameHeadSize   = 8
	binaryHeadSize  = 21
	maxHeaderLength = 1<<24 - 1
)

// FrameError is a frame that cannot be read; the connection it came on is of no
// further use.
type FrameError struct {
	Reason string
	Err    error // may be nil
}

func (e *FrameError) Error() string {
	if e.Err == nil {
		return "bad frame: " + e.Reason
	}
	return fmt.Sprintf("bad frame: %s: %v", e.Reason, e.Err)
}

func (e *FrameError) Unwrap() error { return e.Err }

// split checks a whole frame's lengths and returns its parts.
func split(frame []byte) (kind HeaderKind, header, body []byte, err error) {
	if len(frame) < frameHeadSize {
		return 0, nil, nil, &FrameError{Reason: fmt.Sprintf("%d bytes are less than a frame's head", len(frame))}
	}
	if n := binary.BigEndian.Uint32(frame); int64(n) != int64(len(frame)-lengthSize) {
		return 0, nil, nil, &FrameError{Reason: fmt.Sprintf("length %d before %d bytes", n, len(frame)-lengthSize)}
	}
	word := binary.BigEndian.Uint32(frame[lengthSize:])
	kind, end := HeaderKind(word>>24), frameHeadSize+int(word&maxHeaderLength)
	if end > len(frame) {
		return 0, nil, nil, &FrameError{Reason: fmt.Sprintf("header of %d bytes in a frame of %d", word&maxHeaderLength, len(frame))}
	}
	if kind != JSON && kind != ROCKETMQ {
		return 0, nil, nil, &FrameError{Reason: fmt.Sprintf("header kind %d is neither JSON nor ROCKETMQ", kind)}
	}
	return kind, frame[frameHeadSize:end], frame[end:], nil
}

// Decoder turns frames into commands. It reuses its memory: what a command
// borrows from it is valid until the next Decode. One goroutine at a time.
type Decoder struct {
	fields  Fields
	scratch []byte
}

// What a decoder keeps of a large header's memory.
const (
	keepFields       = 256
	keepScratchBytes = 64 << 10
)

func (d *Decoder) reset() {
	if cap(d.fields) > keepFields {
		d.fields = nil
	}
	if cap(d.scratch) > keepScratchBytes {
		d.scratch = nil
	}
	d.fields, d.scratch = d.fields[:0], d.scratch[:0]
}

// Decode reads one whole frame, the length prefix included, into c. Errors are
// *FrameError.
func (d *Decoder) Decode(frame []byte, c *Command) error {
	kind, header, body, err := split(frame)
	if err != nil {
		return err
	}
	*c = Command{Kind: kind}
	if len(body) > 0 {
		c.Body = body
	}
	d.reset()
	if kind == JSON {
		err = d.decodeJSON(header, c)
	} else {
		err = d.decodeBinary(header, c)
	}
	c.Ext = d.fields
	return err
}

func (d *Decoder) decodeJSON(header []byte, c *Command) error {
	s := jsonScanner{text: header, scratch: d.scratch}
	s.document(func(key []byte) {
		switch string(key) {
		case "code":
			c.Code = s.int32()
		case "flag":
			c.Flag = s.int32()
		case "opaque":
			c.Opaque = s.int32()
		case "version":
			c.Version = s.int32()
		case "language":
			name, _ := s.scalar()
			c.Language = languageOf(name)
		case "remark":
			remark, _ := s.scalar()
			c.Remark = string(remark)
		case "extFields":
			d.jsonFields(&s)
		default:
			s.skip()
		}
	})
	d.scratch = s.scratch
	if s.bad {
		return &FrameError{Reason: fmt.Sprintf("header of %d bytes", len(header)), Err: errJSON}
	}
	return nil
}

func (d *Decoder) jsonFields(s *jsonScanner) {
	d.fields = d.fields[:0] // of two extFields the last counts, as of any key
	if s.next() != '{' {
		s.skip() // null
		return
	}
	s.object(func(key []byte) {
		if value, ok := s.scalar(); ok {
			d.fields = append(d.fields, Field{key, value})
		}
	})
}

// Summary is what can be told of a frame without decoding its fields.
type Summary struct {
	Code   int32
	Opaque int32
	Flag   int32
	Kind   HeaderKind
}

// IsResponse reports whether the frame answers a request.
func (s Summary) IsResponse() bool { return s.Flag&FlagResponse != 0 }

// IsOneway reports whether the sender wants no answer.
func (s Summary) IsOneway() bool { return s.Flag&FlagOneway != 0 }

// Summarize reads code, opaque and flag of a whole frame. It accepts exactly the
// frames that Decode accepts: what a proxy has let pass is no bad frame behind
// it. It allocates nothing; errors are *FrameError.
func Summarize(frame []byte) (Summary, error) {
	kind, header, _, err := split(frame)
	if err != nil {
		return Summary{}, err
	}
	if kind == ROCKETMQ {
		return summarizeBinary(header)
	}
	sum, s := Summary{Kind: JSON}, jsonScanner{text: header}
	s.document(func(key []byte) {
		switch string(key) {
		case "code":
			sum.Code = s.int32()
		case "flag":
			sum.Flag = s.int32()
		case "opaque":
			sum.Opaque = s.int32()
		case "version":
			s.int32()
		case "language", "remark":
			s.skipScalar()
		case "extFields":
			s.skipFields()
		default:
			s.skip()
		}
	})
	if s.bad {
		return Summary{}, &FrameError{Reason: fmt.Sprintf("header of %d bytes", len(header)), Err: errJSON}
	}
	return sum, nil
}
