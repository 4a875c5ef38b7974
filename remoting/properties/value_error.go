package properties

import "fmt"

// ValueError says that a setting has a value that cannot be used, whether it
// came from a file or not. Message continues a sentence: key=value …
type ValueError struct {
	Key, Value string
	Message    string
}

// Refuse is a *ValueError.
func Refuse(key string, value any, message string, args ...any) error {
	return &ValueError{Key: key, Value: fmt.Sprint(value), Message: fmt.Sprintf(message, args...)}
}

func (e *ValueError) Error() string { return e.Key + "=" + e.Value + " " + e.Message }

// Place says where the value stands: a *Finding with file and line where an entry
// gives it, else e itself.
func (e *ValueError) Place(file string, entries []Entry) error {
	if found := e.Found(Error, file, entries); found.Line > 0 {
		return found
	}
	return e
}

// Found is e as a finding, with the line of the last entry that gives its key; 0
// where none does.
func (e *ValueError) Found(s Severity, file string, entries []Entry) *Finding {
	f := &Finding{Severity: s, Kind: BadValue, File: file, Key: e.Key, Value: e.Value, Message: fmt.Sprintf("%q %s", e.Value, e.Message)}
	for _, one := range entries {
		if one.Key == e.Key {
			f.Line = one.Line
		}
	}
	return f
}
