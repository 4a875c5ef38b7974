package properties

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// field is one struct field that a key sets.
type field struct {
	value reflect.Value
	path  bool
}

// fieldsOf finds the tagged fields of targets by key.
func fieldsOf(targets []any) map[string][]field {
	fields := map[string][]field{}
	for _, target := range targets {
		v := reflect.ValueOf(target)
		if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
			panic(fmt.Sprintf("BUG: %T is not a pointer to a struct", target))
		}
		addFields(fields, v.Elem())
	}
	return fields
}

func addFields(fields map[string][]field, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			addFields(fields, v.Field(i))
			continue
		}
		tag, ok := f.Tag.Lookup("property")
		if !ok {
			continue
		}
		key, option, _ := strings.Cut(tag, ",")
		one := field{value: v.Field(i), path: option == "path"}
		if !f.IsExported() || !one.settable() {
			panic(fmt.Sprintf("BUG: property %s cannot be set in %s.%s of type %s", key, v.Type(), f.Name, f.Type))
		}
		fields[key] = append(fields[key], one)
	}
}

func (f field) enum() (encoding.TextUnmarshaler, bool) {
	u, ok := f.value.Addr().Interface().(encoding.TextUnmarshaler)
	return u, ok
}

func (f field) settable() bool {
	_, enum := f.enum()
	return enum || slices.Contains([]reflect.Kind{
		reflect.String, reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64,
	}, f.value.Kind())
}

// isText reports whether the field takes any value.
func (f field) isText() bool {
	_, enum := f.enum()
	return !enum && f.value.Kind() == reflect.String
}

// set parses text into the field. Its error continues a sentence: "x" is …
func (f field) set(text string) error {
	if u, ok := f.enum(); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch f.value.Kind() {
	case reflect.String:
		f.value.SetString(text)
	case reflect.Bool:
		isTrue := strings.EqualFold(text, "true")
		if !isTrue && !strings.EqualFold(text, "false") {
			return fmt.Errorf("neither true nor false")
		}
		f.value.SetBool(isTrue)
	case reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("not a number; write one like 0.75")
		}
		f.value.SetFloat(x)
	default:
		return f.setInt(text)
	}
	return nil
}

func (f field) setInt(text string) error {
	n, err := strconv.ParseInt(text, 10, f.value.Type().Bits())
	if err != nil {
		limit := uint64(1)<<(f.value.Type().Bits()-1) - 1
		return fmt.Errorf("not a whole number up to %d; write digits only, without a unit", limit)
	}
	f.value.SetInt(n)
	return nil
}

// accepts tries text on a field of the same type.
func (f field) accepts(text string) bool {
	return field{value: reflect.New(f.value.Type()).Elem()}.set(text) == nil
}

// text is the field's value as Parse and set read it.
func (f field) text() string {
	if m, ok := f.value.Addr().Interface().(encoding.TextMarshaler); ok {
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
	}
	return fmt.Sprint(f.value.Interface())
}
