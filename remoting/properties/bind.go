package properties

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Options of Bind.
type Options struct {
	// File names the text in findings.
	File string
	// Lookup gives the value of a variable in a path; nil knows none.
	Lookup func(name string) (value string, ok bool)
	// Unbound are keys that are known beside those of the targets' fields.
	Unbound map[string]Unbound
}

// oldSpellings were keys up to 4.5.1. Later versions ignore them, and so do we:
// taking them now would change the file sizes of running installations.
var oldSpellings = map[string]string{
	"mapedFileSizeCommitLog":    "mappedFileSizeCommitLog",
	"mapedFileSizeConsumeQueue": "mappedFileSizeConsumeQueue",
}

// Bind sets the fields of targets, pointers to structs, whose tag names an
// entry's key: `property:"flushDiskType"`, and `property:"storePathRootDir,path"`
// where $NAME and ${NAME} are to be expanded. Fields are string, bool, int,
// int32, int64, float64 or have an encoding.TextUnmarshaler; embedded structs
// are entered. One key may be in several targets. A value that cannot be used
// leaves its field as it was.
func Bind(entries []Entry, o Options, targets ...any) Findings {
	b := binder{options: o, fields: fieldsOf(targets)}
	last := map[string]int{}
	for i, e := range entries {
		if before, twice := last[e.Key]; twice {
			b.found(Warning, DuplicateKey, e, "", fmt.Sprintf("given twice, first in line %d; the last one counts", entries[before].Line))
		}
		last[e.Key] = i
	}
	for _, i := range last {
		b.bind(entries[i])
	}
	slices.SortStableFunc(b.findings, func(x, y *Finding) int {
		return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Key, y.Key), cmp.Compare(x.Kind, y.Kind))
	})
	return b.findings
}

type binder struct {
	options  Options
	fields   map[string][]field
	findings Findings
}

func (b *binder) found(s Severity, k Kind, e Entry, suggestion, message string) {
	b.findings = append(b.findings, &Finding{
		Severity: s, Kind: k, File: b.options.File, Line: e.Line, Key: e.Key, Value: e.Value,
		Message: message, Suggestion: suggestion,
	})
}

func (b *binder) bind(e Entry) {
	fields := b.fields[e.Key]
	if len(fields) == 0 {
		b.withoutField(e)
		return
	}
	if trimmed := strings.TrimRight(e.Value, blanks); trimmed != e.Value {
		b.found(Warning, BlankAtEnd, e, trimmed, "blanks behind the value are left out")
		e.Value = trimmed
	}
	for _, f := range fields {
		b.set(f, e)
	}
}

func (b *binder) withoutField(e Entry) {
	if now, old := oldSpellings[e.Key]; old {
		b.found(Warning, OldSpelling, e, now, "ignored, as since RocketMQ 4.5.2; the key is now "+now)
		return
	}
	if known, is := b.options.Unbound[e.Key]; is {
		b.unbound(e, known)
		return
	}
	keys := slices.AppendSeq(slices.Collect(maps.Keys(b.fields)), maps.Keys(b.options.Unbound))
	message, near := "unknown key, ignored", nearest(e.Key, keys)
	if near != "" {
		message += "; did you mean " + near + "?"
	}
	b.found(Warning, UnknownKey, e, near, message)
}

func (b *binder) set(f field, e Entry) {
	bare, comment := cutComment(e.Value)
	value := e.Value
	if f.path {
		expanded, unset := expand(value, b.options.Lookup)
		if unset != "" {
			b.found(Error, UnsetVariable, e, "", fmt.Sprintf("%s in %q is not set; set it or write the path out", unset, e.Value))
			return
		}
		value = expanded
	}
	err := f.set(value)
	switch {
	case err == nil && comment != "" && f.isText():
		b.found(Warning, CommentInValue, e, bare, fmt.Sprintf("%q is part of the value; a comment needs a line of its own", comment))
	case err != nil && comment != "" && f.accepts(bare):
		b.found(Error, BadValue, e, bare, fmt.Sprintf("%q is part of the value; write %s=%s and put the comment on a line of its own", comment, e.Key, bare))
	case err != nil:
		b.found(Error, BadValue, e, "", fmt.Sprintf("%q is %v", e.Value, err))
	}
}

// cutComment parts a value from what looks like a comment behind it.
func cutComment(value string) (bare, comment string) {
	for i := 1; i < len(value); i++ {
		if (value[i] == '#' || value[i] == '!') && isBlank(value[i-1]) {
			return strings.TrimRight(value[:i], blanks), value[i:]
		}
	}
	return value, ""
}
