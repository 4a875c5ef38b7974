package sql

import "strings"

// token is a piece of an expression.
type token struct {
	kind tokenKind
	at   int
	text string
}

type tokenKind uint8

const (
	noToken tokenKind = iota // after an error
	endOfText
	not
	and
	or
	between
	in
	isTrue
	isFalse
	isNull
	is
	decimal
	floating
	quoted
	identifier
	equals
	differs
	greater
	greaterOrEqual
	less
	lessOrEqual
	opening
	comma
	closing
	plus
	minus
)

var tokenNames = [...]string{
	"nothing", "the end", "NOT", "AND", "OR", "BETWEEN", "IN", "TRUE", "FALSE", "NULL", "IS", "a number", "a number", "a string", "a property",
	"=", "<>", ">", ">=", "<", "<=", "(", ",", ")", "+", "-",
}

func (k tokenKind) String() string { return tokenNames[k] }

// word is the kind of what looks like an identifier.
func word(text string) tokenKind {
	for k := not; k <= is; k++ {
		if strings.EqualFold(text, tokenNames[k]) {
			return k
		}
	}
	return identifier
}

// symbol is the longest that text begins with, noToken where there is none.
func symbol(text string) tokenKind {
	longest := noToken
	for k := equals; k <= minus; k++ {
		if strings.HasPrefix(text, tokenNames[k]) && (longest == noToken || len(tokenNames[k]) > len(tokenNames[longest])) {
			longest = k
		}
	}
	return longest
}
