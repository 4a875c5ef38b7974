package sql

import (
	"bytes"
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// parseWhole reads what Integer.valueOf and Long.valueOf read: a sign that may be missing, then decimal digits of any
// script of the basic plane. No blanks.
func parseWhole(text []byte, low, high int64) (n int64, ok bool) {
	negative := len(text) > 0 && text[0] == '-'
	if negative || len(text) > 0 && text[0] == '+' {
		text = text[1:]
	}
	if len(text) == 0 {
		return 0, false
	}
	for len(text) > 0 { // downwards, as there is one more negative number than positive ones
		digit, size := digitOf(text)
		if digit < 0 || n < (math.MinInt64+digit)/10 {
			return 0, false
		}
		n = n*10 - digit
		text = text[size:]
	}
	if !negative {
		if n == math.MinInt64 {
			return 0, false
		}
		n = -n
	}
	return n, low <= n && n <= high
}

// digitOf is the value of the digit that the text begins with, −1 if it does not (Character.digit).
func digitOf(text []byte) (digit int64, size int) {
	if c := text[0]; c < utf8.RuneSelf {
		if !isDigit(c) {
			return -1, 1
		}
		return int64(c - '0'), 1
	}
	r, size := utf8.DecodeRune(text)
	for _, digits := range unicode.Nd.R16 {
		if rune(digits.Lo) <= r && r <= rune(digits.Hi) {
			return int64(r-rune(digits.Lo)) % 10, size
		}
	}
	return -1, size
}

// parseDouble reads what Double.valueOf reads: blanks and control characters around it do not count, F or D may follow,
// hexadecimal numbers need their exponent.
func parseDouble(text []byte) (f float64, ok bool) {
	text = bytes.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	digits := text
	if len(digits) > 0 && (digits[0] == '-' || digits[0] == '+') {
		digits = digits[1:]
	}
	switch string(digits) {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		if text[0] == '-' {
			return math.Inf(-1), true
		}
		return math.Inf(1), true
	}
	if n := len(digits); n > 0 && bytes.IndexByte([]byte("fFdD"), digits[n-1]) >= 0 {
		digits, text = digits[:n-1], text[:len(text)-1]
	}
	if !isDecimalNumber(digits) && !isHexNumber(digits) {
		return 0, false
	}
	// The text is borrowed for this call; ParseFloat keeps nothing of what it can read.
	f, _ = strconv.ParseFloat(unsafe.String(unsafe.SliceData(text), len(text)), 64)
	return f, true
}

func isDecimalNumber(text []byte) bool {
	whole, rest := split(text, isDigit)
	part := 0
	if len(rest) > 0 && rest[0] == '.' {
		part, rest = split(rest[1:], isDigit)
	}
	return whole+part > 0 && (len(rest) == 0 || isExponent(rest, 'e'))
}

func isHexNumber(text []byte) bool {
	if len(text) < 2 || text[0] != '0' || text[1]|0x20 != 'x' {
		return false
	}
	whole, rest := split(text[2:], isHexDigit)
	part := 0
	if len(rest) > 0 && rest[0] == '.' {
		part, rest = split(rest[1:], isHexDigit)
	}
	return whole+part > 0 && isExponent(rest, 'p')
}

func isExponent(text []byte, letter byte) bool {
	if len(text) == 0 || text[0]|0x20 != letter {
		return false
	}
	text = text[1:]
	if len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		text = text[1:]
	}
	n, rest := split(text, isDigit)
	return n > 0 && len(rest) == 0
}

// split says how many bytes at the beginning are of a class, and what follows.
func split(text []byte, is func(byte) bool) (n int, rest []byte) {
	for n < len(text) && is(text[n]) {
		n++
	}
	return n, text[n:]
}

func isHexDigit(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }
