package properties

import (
	"maps"
	"slices"
)

// Entries are the tagged fields of targets by key, sorted: the body of codes 26
// and 319. Of a key in several targets the first one's value is given.
func Entries(targets ...any) []Entry {
	fields := fieldsOf(targets)
	entries := make([]Entry, 0, len(fields))
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		entries = append(entries, Entry{Key: key, Value: fields[key][0].text()})
	}
	return entries
}
