// Package fastjson reads the JSON dialect that Java's fastjson writes and turns it into standard JSON for
// encoding/json: keys without quotes ({0:12}), whole objects as keys ({{"brokerName":"a","queueId":0}:7}), keys and
// texts in single quotes, control characters inside texts, superfluous commas.
//
// Its neighbours are remoting/protocol (bodies) and storenode/configfile (config/*.json). It writes nothing: what
// Gantry writes is chosen by who writes it. It knows no message and no file.
package fastjson

import (
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
	standard, err := AppendStandard(make([]byte, 0, len(src)+len(src)/8), src)
	if err != nil {
		return err
	}
	err = json.Unmarshal(standard, v)
	var typeError *json.UnmarshalTypeError
	if errors.As(err, &typeError) {
		return &SyntaxError{
			Offset: sourceOffset(src, int(typeError.Offset)),
			Reason: fmt.Sprintf("field %q is a %s", typeError.Field, typeError.Value),
		}
	}
	if err != nil {
		return &SyntaxError{Reason: err.Error()}
	}
	return nil
}

// sourceOffset finds the byte of src from which byte at of its standard form came.
func sourceOffset(src []byte, at int) int {
	r := reader{src: src, mark: at}
	if err := r.document(); err != nil || r.markSource < 0 {
		return len(src)
	}
	return r.markSource
}
