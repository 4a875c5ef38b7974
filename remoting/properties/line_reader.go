package properties

import "strings"

// lineReader joins the lines of a text to logical lines.
type lineReader struct {
	rest       string
	number     int  // of the line read last
	unfinished bool // the text has ended where another line was to come
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
		next, ok := r.natural() // at the end of the text the backslash is dropped
		line, r.unfinished = strings.TrimLeft(next, blanks), !ok
	}
	return text.String() + line
}

// continues reports whether a line ends in a backslash that is not escaped.
func continues(line string) bool {
	slashes := len(line) - len(strings.TrimRight(line, `\`))
	return slashes%2 == 1
}
