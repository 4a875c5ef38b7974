package configfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"gantry/remoting/fastjson"
)

// ErrTableFull is wrapped by Put and PutIfAbsent where a new row would pass MaxRows.
var ErrTableFull = errors.New("table is full")

// Version is RocketMQ's DataVersion: who holds a copy of a table compares it to see whether the table changed.
type Version struct {
	Counter   int64 `json:"counter"`
	Timestamp int64 `json:"timestamp"` // ms since 1970 of the last change
}

func (v Version) next() Version {
	return Version{Counter: v.Counter + 1, Timestamp: time.Now().UnixMilli()}
}

// TableConfig describes a Table.
type TableConfig[Row any] struct {
	File     *File
	Key      string                 // the JSON name of the rows: topicConfigTable, subscriptionGroupTable
	NewRow   func(name string) *Row // a row with its defaults, for the fields that a file lacks
	BuiltIn  map[string]*Row        // rows that exist before the file is read; the file's win
	MaxRows  int
	OnChange func(row *Row) // called after each change by who made it, without locks; may be nil
	Log      *slog.Logger
}

// Table holds rows by name, with a DataVersion, and saves itself soon after each change. A row is never changed in
// place: a new one takes its place, so who got a row may read it for ever.
type Table[Row any] struct {
	key      string
	newRow   func(string) *Row
	maxRows  int
	onChange func(*Row)
	builtIn  map[string]*Row
	saver    *Saver

	mu      sync.RWMutex // guards rows and version; never held while calling out
	rows    map[string]*Row
	version Version
}

// OpenTable reads the file and begins to keep it. Error: *CorruptError, or that of the file system.
func OpenTable[Row any](cfg TableConfig[Row]) (*Table[Row], error) {
	t := &Table[Row]{
		key: cfg.Key, newRow: cfg.NewRow, maxRows: cfg.MaxRows, onChange: cfg.OnChange, builtIn: cfg.BuiltIn,
		rows: map[string]*Row{}, version: Version{Timestamp: time.Now().UnixMilli()},
	}
	maps.Copy(t.rows, cfg.BuiltIn)
	if _, err := cfg.File.Load(t.decode); err != nil {
		return nil, err
	}
	t.saver = StartSaver(cfg.File, t.pretty, 0, cfg.Log)
	return t, nil
}

// Get returns the row of name, or nil. It allocates nothing.
func (t *Table[Row]) Get(name []byte) *Row {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.rows[string(name)]
}

// Put sets the row of name. Error: ErrTableFull.
func (t *Table[Row]) Put(name string, row *Row) error {
	t.mu.Lock()
	err := t.put(name, row)
	t.mu.Unlock()
	if err == nil {
		t.changed(row)
	}
	return err
}

// PutIfAbsent returns the row of name, which is row where there was none. Error: ErrTableFull.
func (t *Table[Row]) PutIfAbsent(name string, row *Row) (*Row, error) {
	t.mu.Lock()
	old := t.rows[name]
	if old != nil {
		t.mu.Unlock()
		return old, nil
	}
	err := t.put(name, row)
	t.mu.Unlock()
	if err != nil {
		return nil, err
	}
	t.changed(row)
	return row, nil
}

func (t *Table[Row]) put(name string, row *Row) error {
	if t.rows[name] == nil && len(t.rows) >= t.maxRows {
		return fmt.Errorf("%w: %s of %d rows has no place for %q", ErrTableFull, t.key, t.maxRows, name)
	}
	t.rows[name] = row
	t.version = t.version.next()
	return nil
}

func (t *Table[Row]) changed(row *Row) {
	t.saver.Changed()
	if t.onChange != nil {
		t.onChange(row)
	}
}

// Touch gives the table another version though no row has changed.
func (t *Table[Row]) Touch() {
	t.mu.Lock()
	t.version = t.version.next()
	t.mu.Unlock()
	t.saver.Changed()
}

// Version is that of the rows now.
func (t *Table[Row]) Version() Version {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.version
}

// Replace makes the table what another copy's JSON says, and the rows built in; it has that copy's version then. Rows may
// be told as changed that are not. Error: ErrTableFull, and what is wrong with the text.
func (t *Table[Row]) Replace(text []byte) error {
	version, rows, err := t.read(text)
	if err != nil {
		return err
	}
	if len(rows) > t.maxRows {
		return fmt.Errorf("%w: %s has %d rows at most, not %d", ErrTableFull, t.key, t.maxRows, len(rows))
	}
	all := maps.Clone(t.builtIn)
	if all == nil {
		all = map[string]*Row{}
	}
	maps.Copy(all, rows)
	t.mu.Lock()
	t.rows, t.version = all, version
	t.mu.Unlock()
	t.saver.Changed()
	for _, row := range rows {
		if t.onChange != nil {
			t.onChange(row)
		}
	}
	return nil
}

// Snapshot returns a copy of all rows by name and the version they have.
func (t *Table[Row]) Snapshot() (Version, map[string]*Row) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.version, maps.Clone(t.rows)
}

// JSON is the whole table as compact standard JSON: the body of codes 21 and 201.
func (t *Table[Row]) JSON() []byte { return t.encode("") }

// Flush saves now what is not saved yet.
func (t *Table[Row]) Flush() error { return t.saver.Flush() }

// Close saves a last time and ends the table's goroutine.
func (t *Table[Row]) Close() error { return t.saver.Close() }

func (t *Table[Row]) pretty() []byte { return t.encode("\t") }

func (t *Table[Row]) encode(indent string) []byte {
	version, rows := t.Snapshot()
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(map[string]any{"dataVersion": version, t.key: rows}); err != nil {
		panic(fmt.Sprintf("BUG: table %s cannot be written as JSON: %v", t.key, err))
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}

func (t *Table[Row]) decode(text []byte) error {
	version, rows, err := t.read(text)
	if err != nil {
		return err
	}
	maps.Copy(t.rows, rows)
	t.version = version
	return nil
}

// read is what a text says; the version is the table's own where it says none.
func (t *Table[Row]) read(text []byte) (version Version, rows map[string]*Row, err error) {
	version, rows = t.Version(), map[string]*Row{}
	err = fastjson.Decode(text, func(d *fastjson.Decoder) error {
		return d.Object(func(part string) error {
			switch part {
			case "dataVersion":
				return d.Decode(&version)
			case t.key:
				return d.Object(func(name string) error {
					row := t.newRow(name)
					rows[name] = row
					return d.Decode(row)
				})
			}
			return d.Skip()
		})
	})
	return version, rows, err
}
