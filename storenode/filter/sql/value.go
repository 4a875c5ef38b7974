package sql

import (
	"bytes"
	"cmp"
	"math"
)

// value is what an operand comes to. The kinds are Java's types, since conversions depend on them.
type value struct {
	kind   valueKind
	number int64 // of integer and long; 1 and 0 of boolean; the Verdict of failure
	float  float64
	text   []byte
}

type valueKind uint8

const (
	null valueKind = iota
	failure
	boolean
	integer // 32 bits
	long
	double
	textual
)

func (v value) isNumber() bool { return v.kind == integer || v.kind == long || v.kind == double }

func (v value) asFloat() float64 {
	if v.kind == double {
		return v.float
	}
	return float64(v.number)
}

func truth(yes bool) value {
	if yes {
		return value{kind: boolean, number: 1}
	}
	return value{kind: boolean}
}

func failed(why Verdict) value { return value{kind: failure, number: int64(why)} }

// compare orders two values that are not null (ComparisonExpression). A text beside another type is converted to that;
// a truth value is below every number, and so is every number below a truth value. failed is 0, or why they cannot be
// compared.
func compare(l, r value) (order int, failed Verdict) {
	switch {
	case l.kind == textual && r.kind == textual:
		return bytes.Compare(l.text, r.text), 0
	case l.kind == textual:
		l, failed = convert(l.text, r.kind)
	case r.kind == textual && l.kind == boolean:
		return 0, NotText
	case r.kind == textual:
		r, failed = convert(r.text, l.kind)
	}
	switch {
	case failed != 0:
		return 0, failed
	case l.kind == double || r.kind == double:
		if l.kind == boolean || r.kind == boolean {
			return -1, 0
		}
		return compareFloats(l.asFloat(), r.asFloat()), 0
	case (l.kind == boolean) != (r.kind == boolean):
		return -1, 0
	}
	return cmp.Compare(l.number, r.number), 0
}

// compareFloats has Java's order: −0.0 below 0.0, NaN above all and equal to itself.
func compareFloats(l, r float64) int {
	switch {
	case l < r:
		return -1
	case l > r:
		return 1
	case l == r:
		return cmp.Compare(signOf(l), signOf(r))
	}
	return -cmp.Compare(l, r) // Go has NaN below all
}

func signOf(f float64) int {
	if math.Signbit(f) {
		return -1
	}
	return 1
}

// compareTexts orders texts as numbers, the only order they have.
func compareTexts(l, r []byte) (order int, failed Verdict) {
	a, ok := parseDouble(l)
	if !ok {
		return 0, NotComparable
	}
	b, ok := parseDouble(r)
	if !ok {
		return 0, NotComparable
	}
	return compareFloats(a, b), 0
}

// convert reads a text as a value of the kind.
func convert(text []byte, to valueKind) (v value, failed Verdict) {
	v, ok := value{kind: to}, true
	switch to {
	case boolean:
		v = truth(bytes.EqualFold(text, []byte("true")))
	case integer:
		v.number, ok = parseWhole(text, math.MinInt32, math.MaxInt32)
	case long:
		v.number, ok = parseWhole(text, math.MinInt64, math.MaxInt64)
	case double:
		v.float, ok = parseDouble(text)
	}
	if !ok {
		return value{}, NotANumber
	}
	return v, 0
}
