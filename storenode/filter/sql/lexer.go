package sql

import (
	"strings"
)

// lexer cuts tokens off a text, the longest that fits, as SelectorParserTokenManager does. What no parser asks for is not
// looked at.
type lexer struct {
	text string
	at   int
}

// next returns the token behind the last one. Error: *Error.
func (l *lexer) next() (token, *Error) {
	l.skipBlanks()
	rest := l.text[l.at:]
	if rest == "" {
		return token{kind: endOfText, at: l.at}, nil
	}
	kind, length := cut(rest)
	if length == 0 {
		return token{}, &Error{Lexical, l.at, "no token begins with " + shown(rest)}
	}
	t := token{kind, l.at, rest[:length]}
	l.at += length
	return t, nil
}

// cut says what the text begins with and how long that is, 0 where nothing fits.
func cut(text string) (tokenKind, int) {
	switch c := text[0]; {
	case c == '\'':
		return quoted, stringLength(text)
	case c == '.' || isDigit(c):
		return number(text)
	case isLetter(c):
		length := count(text, func(c byte) bool { return isLetter(c) || isDigit(c) })
		return word(text[:length]), length
	}
	if kind := symbol(text); kind != noToken {
		return kind, len(tokenNames[kind])
	}
	return noToken, 0
}

func (l *lexer) skipBlanks() {
	for {
		n := blankLength(l.text[l.at:])
		if n == 0 {
			return
		}
		l.at += n
	}
}

// blankLength is the length of white space or of one comment.
func blankLength(text string) int {
	switch {
	case text == "":
		return 0
	case strings.IndexByte(" \t\n\r\f", text[0]) >= 0:
		return 1
	case strings.HasPrefix(text, "--"):
		return lineCommentLength(text)
	case strings.HasPrefix(text, "/*"):
		if end := strings.Index(text[2:], "*/"); end >= 0 {
			return end + 4
		}
	}
	return 0
}

// lineCommentLength is 0 where no line ends behind the comment: then it is two minus signs.
func lineCommentLength(text string) int {
	return strings.IndexAny(text, "\r\n") + 1
}

// stringLength finds the closing quote. Two quotes stand for one within the string; where nothing closes it after them,
// the first of them did.
func stringLength(text string) int {
	closed := 0
	for i := 1; i < len(text); i++ {
		if text[i] != '\'' {
			continue
		}
		closed = i + 1
		if closed == len(text) || text[closed] != '\'' {
			break
		}
		i++
	}
	return closed
}

// number reads 0, or digits with an L, or what has a point or an exponent. 007 is three numbers.
func number(text string) (tokenKind, int) {
	whole := count(text, isDigit)
	if n := fraction(text[whole:], whole > 0); n > 0 {
		return floating, whole + n
	}
	switch {
	case whole == 0:
		return noToken, 0
	case text[0] == '0':
		return decimal, 1
	case whole < len(text) && text[whole]|0x20 == 'l':
		return decimal, whole + 1
	}
	return decimal, whole
}

// fraction is the length of a point with digits, of an exponent, or of both.
func fraction(text string, afterDigits bool) int {
	n := 0
	if strings.HasPrefix(text, ".") {
		digits := count(text[1:], isDigit)
		if digits == 0 && !afterDigits {
			return 0
		}
		n = 1 + digits
	} else if !afterDigits {
		return 0
	}
	return n + exponent(text[n:])
}

// exponent is the length of E, a sign that may be missing, and digits.
func exponent(text string) int {
	if text == "" || text[0]|0x20 != 'e' {
		return 0
	}
	n := 1
	if n < len(text) && (text[n] == '+' || text[n] == '-') {
		n++
	}
	digits := count(text[n:], isDigit)
	if digits == 0 {
		return 0
	}
	return n + digits
}

func count(text string, is func(byte) bool) int {
	n := 0
	for n < len(text) && is(text[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == '$' }
