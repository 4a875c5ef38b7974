package remoting

import (
	"encoding/binary"
	"strconv"
)

// FieldWriter appends extFields in the header kind of the frame under way.
type FieldWriter struct {
	dst  []byte
	kind HeaderKind
	some bool // a field was written: JSON wants a comma before the next
}

// String writes a field that is always present.
func (w *FieldWriter) String(key, value string) { writeText(w, key, value) }

// Bytes writes a field from borrowed bytes.
func (w *FieldWriter) Bytes(key string, value []byte) { writeText(w, key, value) }

func writeText[T string | []byte](w *FieldWriter, key string, value T) {
	w.begin(key)
	if w.kind == JSON {
		w.dst = appendJSONString(w.dst, value)
		return
	}
	w.dst = binary.BigEndian.AppendUint32(w.dst, uint32(len(value)))
	w.dst = append(w.dst, value...)
}

// OptString writes a field unless it is empty.
func (w *FieldWriter) OptString(key, value string) {
	if value != "" {
		w.String(key, value)
	}
}

// Int writes an int or a long.
func (w *FieldWriter) Int(key string, value int64) {
	w.begin(key)
	if w.kind == JSON {
		w.dst = append(w.dst, '"')
		w.dst = strconv.AppendInt(w.dst, value, 10)
		w.dst = append(w.dst, '"')
		return
	}
	at := len(w.dst)
	w.dst = append(w.dst, 0, 0, 0, 0)
	w.dst = strconv.AppendInt(w.dst, value, 10)
	binary.BigEndian.PutUint32(w.dst[at:], uint32(len(w.dst)-at-4))
}

// Bool writes "true" or "false".
func (w *FieldWriter) Bool(key string, value bool) {
	w.String(key, strconv.FormatBool(value))
}

func (w *FieldWriter) begin(key string) {
	if w.kind == ROCKETMQ {
		w.dst = binary.BigEndian.AppendUint16(w.dst, uint16(len(key)))
		w.dst = append(w.dst, key...)
		return
	}
	if w.some {
		w.dst = append(w.dst, ',')
	}
	w.some = true
	w.dst = append(w.dst, '"')
	w.dst = append(w.dst, key...)
	w.dst = append(w.dst, '"', ':')
}
