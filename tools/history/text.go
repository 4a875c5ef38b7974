package history

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ErrMalformed says that a line is no event, or one that cannot follow those
// before it.
var ErrMalformed = errors.New("malformed history")

// maxLineBytes bounds a line.
const maxLineBytes = 1 << 20

// column is one field of a line.
type column struct {
	append func([]byte, *Event) []byte
	parse  func(string, *Event) error
}

// columns are the fields that follow time and kind, by kind. Fields are
// separated by one space; a text that is empty or has a space, a quote or
// something unprintable in it is quoted as in Go.
var columns = map[Kind][]column{
	Subscribed: {groupField, topicField},
	Declared:   {topicField, boundField},
	Invoked:    {clientField, seqField, topicField, keyField, crcField},
	Stored:     {clientField, seqField, topicField, brokerField, queueField, offsetField, msgIDField},
	Refused:    {clientField, seqField, remarkField},
	Unknown:    {clientField, seqField, remarkField},
	Delivered:  {groupField, memberField, topicField, brokerField, queueField, offsetField, reconsumedField, msgIDField, clientField, seqField, keyField, crcField},
	Held:       {groupField, memberField, topicField, brokerField, queueField},
	Dropped:    {groupField, memberField, topicField, brokerField, queueField},
	Disturbed:  {boundField, remarkField},
	Calm:       {remarkField},
}

var (
	clientField     = text(func(e *Event) *string { return &e.Client })
	seqField        = number(func(e *Event) *int64 { return &e.Seq })
	keyField        = text(func(e *Event) *string { return &e.Key })
	crcField        = number(func(e *Event) *uint32 { return &e.CRC })
	topicField      = text(func(e *Event) *string { return &e.Topic })
	brokerField     = text(func(e *Event) *string { return &e.Broker })
	queueField      = number(func(e *Event) *int { return &e.ID })
	offsetField     = number(func(e *Event) *int64 { return &e.Offset })
	msgIDField      = text(func(e *Event) *string { return &e.MsgID })
	groupField      = text(func(e *Event) *string { return &e.Group })
	memberField     = text(func(e *Event) *string { return &e.Member })
	reconsumedField = number(func(e *Event) *int { return &e.Reconsumed })
	boundField      = number(func(e *Event) *int { return &e.Bound })
	remarkField     = text(func(e *Event) *string { return &e.Text })
)

func text(of func(*Event) *string) column {
	return column{
		append: func(to []byte, e *Event) []byte { return appendText(to, *of(e)) },
		parse: func(field string, e *Event) (err error) {
			*of(e) = field
			if strings.HasPrefix(field, `"`) {
				*of(e), err = strconv.Unquote(field)
			}
			return err
		},
	}
}

func appendText(to []byte, s string) []byte {
	if plain := strings.IndexFunc(s, func(r rune) bool { return r == ' ' || r == '"' || !strconv.IsPrint(r) }) < 0; plain && s != "" {
		return append(to, s...)
	}
	return strconv.AppendQuote(to, s)
}

func number[N int | int64 | uint32](of func(*Event) *N) column {
	return column{
		append: func(to []byte, e *Event) []byte { return strconv.AppendInt(to, int64(*of(e)), 10) },
		parse: func(field string, e *Event) error {
			n, err := strconv.ParseInt(field, 10, 64)
			if err == nil && int64(N(n)) != n {
				err = fmt.Errorf("%s is out of range", field)
			}
			*of(e) = N(n)
			return err
		},
	}
}

// Append writes e as one line, its end included.
func (e *Event) Append(to []byte) []byte {
	to = strconv.AppendInt(to, e.AtMillis, 10)
	to = append(append(to, ' '), e.Kind...)
	for _, c := range columns[e.Kind] {
		to = c.append(append(to, ' '), e)
	}
	return append(to, '\n')
}

// ParseEvent reads a line without its end; an error names what it could not read
// and is an ErrMalformed.
func ParseEvent(line string) (e Event, err error) {
	fields, err := split(line)
	if err != nil || len(fields) < 2 {
		return e, fmt.Errorf("%w: %.80q is no event", ErrMalformed, line)
	}
	if e.AtMillis, err = strconv.ParseInt(fields[0], 10, 64); err != nil {
		return e, fmt.Errorf("%w: time %q", ErrMalformed, fields[0])
	}
	e.Kind = Kind(fields[1])
	wanted, known := columns[e.Kind]
	if !known || len(wanted) != len(fields)-2 {
		return e, fmt.Errorf("%w: %q with %d fields", ErrMalformed, e.Kind, len(fields)-2)
	}
	for i, c := range wanted {
		if err := c.parse(fields[i+2], &e); err != nil {
			return e, fmt.Errorf("%w: field %d of %s: %w", ErrMalformed, i+1, e.Kind, err)
		}
	}
	return e, nil
}

// split cuts a line at its spaces, those within quotes left alone.
func split(line string) (fields []string, err error) {
	for {
		end := strings.IndexByte(line, ' ')
		if strings.HasPrefix(line, `"`) {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, err
			}
			end = len(quoted)
		}
		if end < 0 || end == len(line) {
			return append(fields, line), nil
		}
		if line[end] != ' ' {
			return nil, ErrMalformed
		}
		fields, line = append(fields, line[:end]), line[end+1:]
	}
}

// Read gives every event of a text to take. Empty lines and those that begin
// with # are passed over; an error names the line.
func Read(from io.Reader, take func(Event) error) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxLineBytes)
	n := 0
	for lines.Scan() {
		n++
		if line := lines.Text(); line != "" && line[0] != '#' {
			e, err := ParseEvent(line)
			if err == nil {
				err = take(e)
			}
			if err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	return nil
}
