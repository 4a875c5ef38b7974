package properties

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// Rewrite gives keys of a text other values. Of each the line that counts is
// replaced, what is missing comes at the end; everything else stays byte for byte,
// comments too, unless it would be taken for UTF-8 without the lines replaced: then
// what is not ASCII is escaped. The error is Parse's.
func Rewrite(text []byte, changed []Entry) ([]byte, error) {
	spans, err := spansOf(text)
	if err != nil {
		return nil, err
	}
	lines := naturalLines(text)
	var added []byte
	for i, e := range changed {
		if _, later := Get(changed[i+1:], e.Key); later {
			continue
		}
		at, found := spans[e.Key]
		if !found {
			added = Append(added, []Entry{e})
			continue
		}
		end := lineEnd(lines[at.last-1])
		clear(lines[at.first-1 : at.last])
		lines[at.first-1] = append(bytes.TrimSuffix(Append(nil, []Entry{e}), []byte("\n")), end...)
	}
	written := slices.Concat(lines...)
	if !utf8.Valid(text) && utf8.Valid(written) {
		written = latinEscaped(written)
	}
	if len(added) > 0 {
		written = append(finished(written), added...)
	}
	return written, nil
}

// latinEscaped writes what is not ASCII in a text of ISO 8859-1 as \u00XX; a backslash in front of it is used up.
func latinEscaped(text []byte) []byte {
	var b []byte
	escaped := false
	for _, c := range text {
		switch {
		case c < utf8.RuneSelf:
			b = append(b, c)
		case escaped:
			b = append(b, appendUnicode(nil, rune(c))[1:]...)
		default:
			b = appendUnicode(b, rune(c))
		}
		escaped = c == '\\' && !escaped
	}
	return b
}

// finished ends the text's last line, and with an empty one what the last line would have continued on the next.
func finished(text []byte) []byte {
	if len(text) > 0 && !bytes.ContainsAny(text[len(text)-1:], "\r\n") {
		text = append(text, '\n')
	}
	r := lineReader{rest: decodeText(text)}
	for _, _, ok := r.logical(); ok; _, _, ok = r.logical() {
	}
	if r.unfinished {
		text = append(text, text[len(text)-1]) // behind \r an \n would belong to the same line's end
	}
	return text
}

// span is the lines of an entry, from 1.
type span struct{ first, last int }

// spansOf are those of each key's last entry.
func spansOf(text []byte) (map[string]span, error) {
	r := lineReader{rest: decodeText(text)}
	spans := map[string]span{}
	for {
		line, number, ok := r.logical()
		if !ok {
			return spans, nil
		}
		written, _ := splitKey(line)
		key, err := unescape(written, number)
		if err != nil {
			return nil, err
		}
		spans[key] = span{number, r.number}
	}
}

// naturalLines are the lines with their ends.
func naturalLines(text []byte) [][]byte {
	var lines [][]byte
	for len(text) > 0 {
		n := bytes.IndexAny(text, "\r\n") + 1
		switch {
		case n == 0:
			n = len(text)
		case bytes.HasPrefix(text[n-1:], []byte("\r\n")):
			n++
		}
		lines, text = append(lines, text[:n:n]), text[n:]
	}
	return lines
}

func lineEnd(line []byte) []byte { return line[len(bytes.TrimRight(line, "\r\n")):] }
