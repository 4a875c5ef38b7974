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
	for i := len(entries) - 1; i >= 0; i-- {
		if entries[i].Key == e.Key {
			return &Finding{Severity: Error, Kind: BadValue, File: file, Line: entries[i].Line, Key: e.Key, Value: e.Value,
				Message: fmt.Sprintf("%q %s", e.Value, e.Message)}
		}
	}
	return e
}
