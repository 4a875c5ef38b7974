package properties

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Type is what a value must look like.
type Type int

const (
	Text Type = iota
	Path      // text in which $NAME and ${NAME} are expanded
	Bool
	Int  // a whole number, of 32 bits in Java
	Long // a whole number, of 64 bits in Java
)

// Unbound is a key that is known and that no field keeps.
type Unbound struct {
	Type     Type
	Message  string // why it decides nothing
	Severity Severity
	Harmless []string // values that ask for nothing: no finding
}

// Accepts says what is wrong with a value, as the rest of a sentence: "x" is …
func (u Unbound) Accepts(value string) error { return u.field().set(value) }

// unbound says what comes of an entry that no field keeps.
func (b *binder) unbound(e Entry, u Unbound) {
	_, comment := cutComment(e.Value)
	value := strings.TrimRight(e.Value, blanks)
	if err := u.Accepts(value); err != nil && comment == "" {
		b.found(Warning, WithoutEffect, e, "", fmt.Sprintf("%q is %v; it %s", e.Value, err, u.Message))
		return
	}
	if !slices.ContainsFunc(u.Harmless, func(h string) bool { return strings.EqualFold(value, h) }) {
		b.found(u.Severity, WithoutEffect, e, "", u.Message)
	}
}

// field is one that holds nothing and takes what such a key may be.
func (u Unbound) field() field {
	values := map[Type]any{Text: new(string), Path: new(string), Bool: new(bool), Int: new(int32), Long: new(int64)}
	return field{value: reflect.ValueOf(values[u.Type]).Elem()}
}

// Types are those of the tagged fields of targets, by key. An enumeration is Text.
func Types(targets ...any) map[string]Type {
	types := map[string]Type{}
	for key, fields := range fieldsOf(targets) {
		types[key] = fields[0].typeOf()
	}
	return types
}

func (f field) typeOf() Type {
	_, enum := f.enum()
	switch kind := f.value.Kind(); {
	case f.path:
		return Path
	case enum || kind == reflect.String:
		return Text
	case kind == reflect.Bool:
		return Bool
	case kind == reflect.Int32:
		return Int
	}
	return Long
}
