package properties

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape resolves backslashes; before a letter without a meaning they vanish.
func unescape(s string, line int) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch {
		case i == len(s):
		case s[i] == 'u':
			r, n := unicodeEscape(s[i-1:])
			if n == 0 {
				return "", &SyntaxError{Line: line, Text: s[i-1:]}
			}
			b.WriteRune(r)
			i += n - 2
		default:
			b.WriteByte(escaped(s[i]))
		}
	}
	return b.String(), nil
}

// escaped is what a letter behind a backslash stands for.
func escaped(c byte) byte {
	if i := strings.IndexByte("tnrf", c); i >= 0 {
		return "\t\n\r\f"[i]
	}
	return c
}

// unicodeEscape reads \uXXXX, and a second one where the first is half of a
// surrogate pair. It returns the bytes read, 0 where there are not four digits.
func unicodeEscape(s string) (r rune, n int) {
	high, ok := hex4(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(high) {
		if low, ok := hex4(s[6:]); ok {
			if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
				return r, 12
			}
		}
	}
	return high, 6
}

func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}
