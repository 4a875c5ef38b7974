package remoting

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// errJSON is wrapped by FrameError, which says where.
var errJSON = errors.New("header is not JSON")

// jsonScanner walks one JSON text without building a tree. After a failure bad
// is set and every further step is harmless.
type jsonScanner struct {
	text    []byte
	at      int
	scratch []byte // unescaped strings; grows, earlier slices stay valid
	bad     bool
}

func (s *jsonScanner) fail() { s.bad, s.at = true, len(s.text) }

// next skips white space and returns the byte there, 0 at the end.
func (s *jsonScanner) next() byte {
	for s.at < len(s.text) {
		c := s.text[s.at]
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		s.at++
	}
	return 0
}

func (s *jsonScanner) expect(c byte) {
	if s.next() != c {
		s.fail()
		return
	}
	s.at++
}

// document is an object with nothing behind it.
func (s *jsonScanner) document(member func(key []byte)) {
	s.object(member)
	if s.next(); s.at < len(s.text) {
		s.fail()
	}
}

// object calls member for each key; member must consume the value.
func (s *jsonScanner) object(member func(key []byte)) {
	s.expect('{')
	if s.next() == '}' {
		s.at++
		return
	}
	for !s.bad {
		key := s.string()
		s.expect(':')
		if s.bad {
			return
		}
		member(key)
		if s.next() != ',' {
			break
		}
		s.at++
	}
	s.expect('}')
}

// string returns a string's text: a slice of the input where nothing is
// escaped, of the scratch otherwise.
func (s *jsonScanner) string() []byte {
	s.expect('"')
	start := s.at
	i := stringEnd(s.text, start)
	switch {
	case i == len(s.text):
		s.fail()
		return nil
	case s.text[i] == '\\':
		return s.unescape(start, i)
	}
	s.at = i + 1
	return s.text[start:i:i]
}

// stringEnd is specialIndex, quicker for the one-letter names and small numbers
// that headers are full of.
func stringEnd(text []byte, i int) int {
	if i+1 < len(text) && text[i+1] == '"' && text[i] != '"' && text[i] != '\\' {
		return i + 1
	}
	return specialIndex(text, i)
}

// specialIndex is the place of the first quote or backslash from i on, or the
// text's length. It looks at eight bytes at once: most of a header lies between
// quotes (BenchmarkDecode, BenchmarkSummarize).
func specialIndex(text []byte, i int) int {
	for ; i+8 <= len(text); i += 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		if found := zeroBytes(w^(ones*'"')) | zeroBytes(w^(ones*'\\')); found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	for ; i < len(text) && text[i] != '"' && text[i] != '\\'; i++ {
	}
	return i
}

const ones = 0x0101010101010101

// zeroBytes sets the high bit of each zero byte of w, exactly up to the first.
func zeroBytes(w uint64) uint64 { return (w - ones) &^ w & (ones << 7) }

func (s *jsonScanner) unescape(start, i int) []byte {
	from := len(s.scratch)
	s.scratch = append(s.scratch, s.text[start:i]...)
	for i < len(s.text) {
		if s.text[i] == '"' {
			s.at = i + 1
			return s.scratch[from:len(s.scratch):len(s.scratch)]
		}
		if i = s.escape(i + 1); s.bad {
			return nil
		}
		end := specialIndex(s.text, i)
		s.scratch = append(s.scratch, s.text[i:end]...)
		i = end
	}
	s.fail()
	return nil
}

// jsonEscapes are the one-letter escapes that fastjson writes and reads.
var jsonEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\'': '\''}

// escape appends what stands behind a backslash at text[i-1] and returns the
// place after it.
func (s *jsonScanner) escape(i int) int {
	if i >= len(s.text) {
		s.fail()
		return i
	}
	if c := jsonEscapes[s.text[i]]; c != 0 {
		s.scratch = append(s.scratch, c)
		return i + 1
	}
	high, ok := s.hex4(i)
	if !ok {
		s.fail()
		return i
	}
	i += 5
	if utf16.IsSurrogate(high) && i < len(s.text) && s.text[i] == '\\' {
		if low, ok := s.hex4(i + 1); ok {
			if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
				s.scratch = utf8.AppendRune(s.scratch, r)
				return i + 6
			}
		}
	}
	s.scratch = utf8.AppendRune(s.scratch, high)
	return i
}

// hex4 reads uXXXX at text[i].
func (s *jsonScanner) hex4(i int) (rune, bool) {
	if i+5 > len(s.text) || s.text[i] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range s.text[i+1 : i+5] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// literal returns a number, true, false or null as it stands.
func (s *jsonScanner) literal() []byte {
	s.next()
	start := s.at
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ',', '}', ']', ' ', '\t', '\r', '\n', '"', '{', '[', ':':
			return s.literalEnd(start)
		}
		s.at++
	}
	return s.literalEnd(start)
}

func (s *jsonScanner) literalEnd(start int) []byte {
	if s.at == start {
		s.fail()
		return nil
	}
	return s.text[start:s.at:s.at]
}

// scalar returns a string's text or a literal; null is (nil, false).
func (s *jsonScanner) scalar() (text []byte, ok bool) {
	switch s.next() {
	case '"':
		return s.string(), !s.bad
	case '{', '[':
		s.skip()
		return nil, false
	}
	if text = s.literal(); s.bad || string(text) == "null" {
		return nil, false
	}
	return text, true
}

// int32 reads a number, quoted or not.
func (s *jsonScanner) int32() int32 {
	text, ok := s.scalar()
	if !ok {
		return 0
	}
	n, ok := parseDecimal(text)
	if !ok || n != int64(int32(n)) {
		s.fail()
	}
	return int32(n)
}
