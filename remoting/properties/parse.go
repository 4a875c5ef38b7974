package properties

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Entry is one key with its value. Line is where it begins, from 1; 0 if it
// comes from no text.
type Entry struct {
	Key, Value string
	Line       int
}

// SyntaxError is text that Java refuses as well: a broken \uXXXX.
type SyntaxError struct {
	Line int
	Text string // from the backslash on
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d: %q is not \\u and four hexadecimal digits", e.Line, e.Text)
}

// Parse reads text by the rules of java.util.Properties.load: comments behind #
// and !, lines continued by a backslash, keys that end at = or : or a blank,
// escapes. A key given twice gives two entries; the last one counts (Get).
// Text is UTF-8, with or without a byte order mark; what is not valid UTF-8 is
// taken for ISO 8859-1, which Java takes everything for. The error is a
// *SyntaxError.
func Parse(text []byte) ([]Entry, error) {
	r := lineReader{rest: decodeText(text)}
	var entries []Entry
	for {
		line, number, ok := r.logical()
		if !ok {
			return entries, nil
		}
		key, value := splitKey(line)
		e := Entry{Line: number}
		var err error
		if e.Key, err = unescape(key, number); err != nil {
			return nil, err
		}
		if e.Value, err = unescape(value, number); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
}

// Get is the value of key's last entry.
func Get(entries []Entry, key string) (value string, ok bool) {
	for i := len(entries) - 1; i >= 0; i-- {
		if entries[i].Key == key {
			return entries[i].Value, true
		}
	}
	return "", false
}

func decodeText(text []byte) string {
	if utf8.Valid(text) {
		return strings.TrimPrefix(string(text), "\ufeff")
	}
	var b strings.Builder
	for _, c := range text {
		b.WriteRune(rune(c))
	}
	return b.String()
}

const blanks = " \t\f"

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\f' }

// lineReader joins the lines of a text to logical lines.
type lineReader struct {
	rest   string
	number int // of the line read last
}

// natural is the next line without its end: \n, \r or both.
func (r *lineReader) natural() (line string, ok bool) {
	if r.rest == "" {
		return "", false
	}
	r.number++
	end := strings.IndexAny(r.rest, "\r\n")
	if end < 0 {
		line, r.rest = r.rest, ""
		return line, true
	}
	line = r.rest[:end]
	next := end + 1
	if strings.HasPrefix(r.rest[end:], "\r\n") {
		next++
	}
	r.rest = r.rest[next:]
	return line, true
}

// logical is the next line that says something, with the lines that continue
// it, and its first line's number.
func (r *lineReader) logical() (text string, number int, ok bool) {
	for {
		line, ok := r.natural()
		if !ok {
			return "", 0, false
		}
		line = strings.TrimLeft(line, blanks)
		if line == "" || line == `\` || line[0] == '#' || line[0] == '!' {
			continue
		}
		number = r.number
		return r.joined(line), number, true
	}
}

func (r *lineReader) joined(line string) string {
	if !continues(line) {
		return line
	}
	var text strings.Builder
	for continues(line) {
		text.WriteString(line[:len(line)-1])
		next, _ := r.natural() // at the end of the text the backslash is dropped
		line = strings.TrimLeft(next, blanks)
	}
	return text.String() + line
}

// continues reports whether a line ends in a backslash that is not escaped.
func continues(line string) bool {
	slashes := len(line) - len(strings.TrimRight(line, `\`))
	return slashes%2 == 1
}

func splitKey(line string) (key, value string) {
	end := keyEnd(line)
	value = strings.TrimLeft(line[end:], blanks)
	if value != "" && (value[0] == '=' || value[0] == ':') {
		value = strings.TrimLeft(value[1:], blanks)
	}
	return line[:end], value
}

func keyEnd(line string) int {
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			i++
		case c == '=', c == ':', isBlank(c):
			return i
		}
	}
	return len(line)
}

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
