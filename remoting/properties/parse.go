package properties

import (
	"fmt"
	"strings"
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
