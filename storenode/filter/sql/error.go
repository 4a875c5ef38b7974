package sql

import (
	"fmt"
	"unicode/utf8"
)

// Kind is a class of errors in an expression. But for Bound, each is one that the Java parser has, too.
type Kind uint8

const (
	Lexical Kind = iota // no token begins here (TokenMgrError)
	Grammar             // a token that cannot be here, or an operand that is no condition (ParseException)
	Operand             // an operator does not take that operand (RuntimeException)
	Number              // a whole number of more than 64 bits (NumberFormatException)
	Mixed               // BETWEEN of a text and a truth value (ClassCastException)
	Bound               // longer or deeper than this package reads
)

var kindNames = [...]string{"not readable", "not SQL92", "wrong operand", "wrong number", "wrong operand", "too large"}

func (k Kind) String() string { return kindNames[k] }

// Error says why an expression cannot be read.
type Error struct {
	Kind   Kind
	At     int // bytes before the place
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("%v at byte %d: %s", e.Kind, e.At, e.Reason) }

// shown is the beginning of a text, for an error.
func shown(text string) string {
	const most = 32
	if len(text) <= most {
		return fmt.Sprintf("%q", text)
	}
	end := most
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%q…", text[:end])
}
