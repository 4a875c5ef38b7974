package properties

import (
	"errors"
	"fmt"
)

// Severity says what a finding means for the start of a process.
type Severity int

const (
	// Notice is worth a line.
	Notice Severity = iota
	// Warning is probably not what was meant; something sensible is used.
	Warning
	// Error must stop the start.
	Error
)

func (s Severity) String() string { return [...]string{"notice", "warning", "error"}[s] }

// Kind is what was found.
type Kind int

const (
	UnknownKey     Kind = iota // Warning; Suggestion may name a key
	DuplicateKey               // Warning; the last value is used
	OldSpelling                // Warning; ignored, Suggestion is the key of today
	WithoutEffect              // of the severity that Unbound says
	BadValue                   // mostly Error; Suggestion may be what to write
	UnsetVariable              // Error; a path names a variable that is not set
	CommentInValue             // Warning; .properties has no comments behind values
	BlankAtEnd                 // Warning; blanks behind a value are cut off
)

// Finding is something odd about one entry. It is an error where its severity is.
type Finding struct {
	Severity   Severity
	Kind       Kind
	File       string // as given in Options
	Line       int
	Key        string
	Value      string
	Message    string
	Suggestion string // may be empty
}

// Error is file:line: key: message.
func (f *Finding) Error() string {
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Key, f.Message)
}

// Findings are in the order of the file's lines.
type Findings []*Finding

// Err joins the findings that must stop a start; nil if there are none.
func (f Findings) Err() error {
	var errs []error
	for _, one := range f {
		if one.Severity == Error {
			errs = append(errs, one)
		}
	}
	return errors.Join(errs...)
}
