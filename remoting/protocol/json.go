package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"

	"gantry/remoting/fastjson"
)

// marshal writes compact JSON whose keys stand as the struct has them, which is
// alphabetically, as fastjson sorts them; < > & stay as they are. Everything
// it is given is made of strings, numbers and tables of them.
func marshal(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("BUG: encode %T: %v", v, err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// unmarshal reads what Java and Go clients and Java brokers write; what names
// the body in the error.
func unmarshal(what string, body []byte, v any) error {
	if err := fastjson.Unmarshal(body, v); err != nil {
		return fmt.Errorf("decode %s: %w", what, err)
	}
	return nil
}

// Set is a list whose order means nothing. It is [] on the wire where Go has
// nil: Java takes null for null.
type Set[T any] []T

// MarshalJSON writes [] for nil.
func (s Set[T]) MarshalJSON() ([]byte, error) {
	if s == nil {
		return []byte("[]"), nil
	}
	return marshal([]T(s)), nil
}

// Table is a map that is {} on the wire where Go has nil.
type Table[K comparable, V any] map[K]V

// MarshalJSON writes {} for nil.
func (t Table[K, V]) MarshalJSON() ([]byte, error) {
	if t == nil {
		return []byte("{}"), nil
	}
	return marshal(map[K]V(t)), nil
}
