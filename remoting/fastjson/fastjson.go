// Package fastjson reads the JSON dialect that Java's fastjson writes and turns it into standard JSON for
// encoding/json: keys without quotes ({0:12}), whole objects as keys ({{"brokerName":"a","queueId":0}:7}), keys and
// texts in single quotes, control characters inside texts, superfluous commas.
//
// Its neighbours are remoting/protocol (bodies) and storenode/configfile (config/*.json). It writes nothing: what
// Gantry writes is chosen by who writes it. It knows no message and no file.
package fastjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// maxDepth bounds the nesting of objects and lists, and so our stack.
const maxDepth = 100

// SyntaxError says where a text stops being JSON of any dialect, or where a value does not fit its field.
type SyntaxError struct {
	Offset int // bytes from the start of the text
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("bad json at byte %d: %s", e.Offset, e.Reason)
}

// AppendStandard appends src to dst as compact standard JSON. An object or list that stands as a key becomes a text
// holding its own standard JSON. Error: *SyntaxError.
func AppendStandard(dst, src []byte) ([]byte, error) {
	r := reader{src: src, out: dst, mark: -1}
	if err := r.document(); err != nil {
		return dst, err
	}
	return r.out, nil
}

// Unmarshal reads src into v as encoding/json does: unknown fields are skipped, missing ones leave v as it was.
// Every error is a *SyntaxError with the place in src.
func Unmarshal(src []byte, v any) error {
	return Decode(src, func(d *Decoder) error { return d.Decode(v) })
}

// Decoder reads the standard form of a text piece by piece.
type Decoder struct {
	json  *json.Decoder
	start int64 // where the value of the last Decode begins in the standard form
}

// Decode reads the next value into v as encoding/json does.
func (d *Decoder) Decode(v any) error {
	d.start = d.json.InputOffset()
	return d.json.Decode(v)
}

// Object calls field with each key of the object that comes next; field must read the key's value.
// A null is an object without keys.
func (d *Decoder) Object(field func(key string) error) error {
	opening, err := d.json.Token()
	if err != nil || opening == nil {
		return err
	}
	if opening != json.Delim('{') {
		return errors.New("not an object")
	}
	for d.json.More() {
		key, err := d.json.Token()
		if err != nil {
			return err
		}
		if err := field(key.(string)); err != nil {
			return err
		}
	}
	_, err = d.json.Token()
	return err
}

// Skip reads the next value and forgets it.
func (d *Decoder) Skip() error {
	var skipped json.RawMessage
	return d.Decode(&skipped)
}

// Decode calls read with the standard form of src. Every error is a *SyntaxError with the place in src.
func Decode(src []byte, read func(d *Decoder) error) error {
	standard, err := AppendStandard(make([]byte, 0, len(src)+len(src)/8), src)
	if err != nil {
		return err
	}
	d := &Decoder{json: json.NewDecoder(bytes.NewReader(standard))}
	if err := read(d); err != nil {
		return d.place(src, err)
	}
	return nil
}

// place turns an error of reading the standard form into one with its place in src.
func (d *Decoder) place(src []byte, err error) error {
	var typeError *json.UnmarshalTypeError
	if !errors.As(err, &typeError) {
		return &SyntaxError{Offset: sourceOffset(src, int(d.json.InputOffset())), Reason: err.Error()}
	}
	return &SyntaxError{
		Offset: sourceOffset(src, int(d.start+typeError.Offset)),
		Reason: fmt.Sprintf("field %q is a %s", typeError.Field, typeError.Value),
	}
}

// sourceOffset finds the end of the value in src whose standard form ends at or next behind byte at.
func sourceOffset(src []byte, at int) int {
	r := reader{src: src, mark: at}
	if err := r.document(); err != nil || r.markSource < 0 {
		return len(src)
	}
	return r.markSource
}
