package fastjson

import "bytes"

const hexDigits = "0123456789abcdef"

// escapes are the letters behind a backslash that stand for one byte; the first five are also standard JSON.
var escapes = [256]byte{
	'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
	'v': '\v', '"': '"', '\'': '\'', '\\': '\\', '/': '/',
	'1': 1, '2': 2, '3': 3, '4': 4, '5': 5, '6': 6, '7': 7,
}

// text copies a text in single or double quotes.
func (r *reader) text() error {
	quote := r.src[r.pos]
	r.pos++
	r.out = append(r.out, '"')
	for r.pos < len(r.src) {
		c := r.src[r.pos]
		switch {
		case c == quote:
			r.pos++
			r.out = append(r.out, '"')
			return nil
		case c == '\\':
			if err := r.escape(); err != nil {
				return err
			}
		default:
			r.char(c)
			r.pos++
		}
	}
	return r.fail("a text without end")
}

// char writes one byte of a text, escaped where standard JSON wants it.
func (r *reader) char(c byte) {
	switch {
	case c == '"' || c == '\\':
		r.out = append(r.out, '\\', c)
	case c < 0x20:
		r.out = append(r.out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	default:
		r.out = append(r.out, c)
	}
}

func (r *reader) escape() error {
	rest := r.src[r.pos+1:]
	if len(rest) == 0 {
		return r.fail("a text without end")
	}
	switch c := rest[0]; {
	case c == 'u' && len(rest) > 4 && isHex(rest[1:5]):
		r.out = append(r.out, '\\', 'u')
		r.out = append(r.out, rest[1:5]...)
		r.pos += 6
	case c == 'x' && len(rest) > 2 && isHex(rest[1:3]):
		r.out = append(r.out, '\\', 'u', '0', '0', rest[1], rest[2])
		r.pos += 4
	case c == '0' || escapes[c] != 0:
		r.char(escapes[c])
		r.pos += 2
	default:
		return r.fail("an unknown escape")
	}
	return nil
}

// number copies a number; a leading plus and leading zeros, which fastjson reads, are dropped.
func (r *reader) number() error {
	if !r.take('+') && r.take('-') {
		r.out = append(r.out, '-')
	}
	for r.pos+1 < len(r.src) && r.src[r.pos] == '0' && isDigit(r.src[r.pos+1]) {
		r.pos++
	}
	if !r.digits() {
		return r.fail("a number without digits")
	}
	if r.take('.') {
		r.out = append(r.out, '.')
		if !r.digits() {
			return r.fail("a number without digits behind its point")
		}
	}
	if r.take('e') || r.take('E') {
		r.out = append(r.out, 'e')
		if r.take('-') {
			r.out = append(r.out, '-')
		} else {
			r.take('+')
		}
		if !r.digits() {
			return r.fail("a number without digits in its exponent")
		}
	}
	return nil
}

func (r *reader) digits() bool {
	from := r.pos
	for r.pos < len(r.src) && isDigit(r.src[r.pos]) {
		r.pos++
	}
	r.out = append(r.out, r.src[from:r.pos]...)
	return r.pos > from
}

// words are the bare values: what stands in the text, what standard JSON says.
var words = [...]struct{ text, standard string }{
	{"true", "true"}, {"false", "false"}, {"null", "null"}, {"NaN", "null"}, {"undefined", "null"},
}

func (r *reader) word() error {
	for _, w := range words {
		after, found := bytes.CutPrefix(r.src[r.pos:], []byte(w.text))
		if found && (len(after) == 0 || !isBare(after[0])) {
			r.out = append(r.out, w.standard...)
			r.pos += len(w.text)
			return nil
		}
	}
	return r.fail("no value")
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\b'
}
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isBare says whether c may stand in a key or word without quotes.
func isBare(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '-' || c == '$' || c == '.'
}

func isHex(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}
