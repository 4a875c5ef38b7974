package remoting

import (
	"fmt"
	"strconv"
	"strings"
)

// Field is one extFields entry, borrowed as Command.Ext is.
type Field struct {
	Key, Value []byte
}

// Fields are the extFields of a command, in wire order. Headers have few
// fields, so a look-up is a scan.
type Fields []Field

// Get returns the value of key. Where a key stands twice the last one counts,
// as in Java's map.
func (f Fields) Get(key string) (value []byte, ok bool) {
	for i := len(f) - 1; i >= 0; i-- {
		if string(f[i].Key) == key {
			return f[i].Value, true
		}
	}
	return nil, false
}

// FieldError says which field of a header cannot be used. Its text for a
// missing field is Java's (RemotingCommand.decodeCommandCustomHeader).
type FieldError struct {
	Key    string
	Value  string // empty where the field is missing
	Reason string
}

func (e *FieldError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("the custom field <%s> is null", e.Key)
	}
	return fmt.Sprintf("the custom field <%s> is %s: %q", e.Key, e.Reason, e.Value)
}

// FieldReader reads a header's fields with a sticky error: after the first
// failure every read gives a zero, and Err says what was wrong.
type FieldReader struct {
	fields Fields
	err    error
}

// Reader starts reading f.
func (f Fields) Reader() FieldReader { return FieldReader{fields: f} }

// Err is the first failure, a *FieldError, or nil.
func (r *FieldReader) Err() error { return r.err }

// Has reports whether key is present.
func (r *FieldReader) Has(key string) bool {
	_, ok := r.fields.Get(key)
	return ok
}

// Bytes returns a required value, borrowed like the command's fields.
func (r *FieldReader) Bytes(key string) []byte {
	v, ok := r.fields.Get(key)
	if !ok {
		r.fail(key, nil, "")
	}
	return v
}

// OptBytes returns a value or nil, borrowed like the command's fields.
func (r *FieldReader) OptBytes(key string) []byte {
	v, _ := r.fields.Get(key)
	return v
}

// String returns a required value as a copy.
func (r *FieldReader) String(key string) string { return string(r.Bytes(key)) }

// OptString returns a value as a copy, or "".
func (r *FieldReader) OptString(key string) string { return string(r.OptBytes(key)) }

// Int32 returns a required int.
func (r *FieldReader) Int32(key string) int32 {
	return int32(r.number(key, r.Bytes(key), 32))
}

// OptInt32 returns an int, or absent where the field is missing.
func (r *FieldReader) OptInt32(key string, absent int32) int32 {
	if v, ok := r.fields.Get(key); ok {
		return int32(r.number(key, v, 32))
	}
	return absent
}

// Int64 returns a required long.
func (r *FieldReader) Int64(key string) int64 {
	return r.number(key, r.Bytes(key), 64)
}

// OptInt64 returns a long, or absent where the field is missing.
func (r *FieldReader) OptInt64(key string, absent int64) int64 {
	if v, ok := r.fields.Get(key); ok {
		return r.number(key, v, 64)
	}
	return absent
}

// Bool returns a required boolean; anything but "true" in any case is false, as in Java.
func (r *FieldReader) Bool(key string) bool {
	return strings.EqualFold(string(r.Bytes(key)), "true")
}

// OptBool returns a boolean, false where the field is missing.
func (r *FieldReader) OptBool(key string) bool {
	return strings.EqualFold(string(r.OptBytes(key)), "true")
}

func (r *FieldReader) fail(key string, value []byte, reason string) {
	if r.err == nil {
		r.err = &FieldError{Key: key, Value: string(value), Reason: reason}
	}
}

func (r *FieldReader) number(key string, value []byte, bits int) int64 {
	if r.err != nil {
		return 0
	}
	n, ok := parseDecimal(value)
	if !ok || (bits == 32 && n != int64(int32(n))) {
		r.fail(key, value, "not a number of "+strconv.Itoa(bits)+" bits")
		return 0
	}
	return n
}

// parseDecimal is strconv.ParseInt for borrowed bytes, without its allocation.
func parseDecimal(b []byte) (int64, bool) {
	digits, negative := b, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		digits, negative = b[1:], b[0] == '-'
	}
	if len(digits) == 0 || len(digits) > 18 {
		n, err := strconv.ParseInt(string(b), 10, 64)
		return n, err == nil
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}
