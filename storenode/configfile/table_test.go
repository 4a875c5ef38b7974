package configfile

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"gantry/remoting/fastjson"
	"gantry/storenode/configfile/configtest"
)

type row struct {
	Name string `json:"name"`
	Size int    `json:"size"`
}

func openTable(t *testing.T, fsys *configtest.FS, onChange func(*row)) *Table[row] {
	t.Helper()
	table, err := OpenTable(tableConfig(fsys, onChange))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := table.Close(); err != nil {
			t.Error(err)
		}
	})
	return table
}

func tableConfig(fsys *configtest.FS, onChange func(*row)) TableConfig[row] {
	return TableConfig[row]{
		File: New(fsys, path), Key: "rowTable", MaxRows: 3, OnChange: onChange,
		NewRow:  func(name string) *row { return &row{Name: name, Size: 16} },
		BuiltIn: map[string]*row{"builtin": {"builtin", 1}},
		Log:     slog.New(slog.DiscardHandler),
	}
}

func TestATableComesBackWithItsVersion(t *testing.T) {
	fsys := &configtest.FS{}
	var changes []string
	table := openTable(t, fsys, func(r *row) { changes = append(changes, r.Name) })
	if err := table.Put("a", &row{"a", 4}); err != nil {
		t.Fatal(err)
	}
	if r, err := table.PutIfAbsent("a", &row{"a", 5}); err != nil || r.Size != 4 {
		t.Errorf("got %v, %v", r, err)
	}
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	again := openTable(t, fsys, nil)
	if r := again.Get([]byte("a")); r == nil || r.Size != 4 {
		t.Errorf("got %v", r)
	}
	before, _ := table.Snapshot()
	after, rows := again.Snapshot()
	if before != after || before.Counter != 1 || len(rows) != 2 {
		t.Errorf("versions %v and %v, %d rows", before, after, len(rows))
	}
	if strings.Join(changes, " ") != "a" {
		t.Errorf("changes: %v", changes)
	}
}

func TestAFullTableRefusesNewRowsOnly(t *testing.T) {
	table := openTable(t, &configtest.FS{}, nil)
	for _, name := range []string{"a", "b"} {
		if err := table.Put(name, &row{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := table.PutIfAbsent("c", &row{}); !errors.Is(err, ErrTableFull) {
		t.Errorf("got %v", err)
	}
	if err := table.Put("b", &row{"b", 2}); err != nil {
		t.Error(err)
	}
}

func TestAFileMayLackFieldsHoldOthersAndReplaceBuiltIns(t *testing.T) {
	fsys := &configtest.FS{}
	fsys.Set(path, `{rowTable:{'a':{attributes:{}},"builtin":{"size":2}},"stateVersion":1,dataVersion:{counter:9,"stateVersion":3}}`)
	table := openTable(t, fsys, nil)
	if r := table.Get([]byte("a")); r == nil || *r != (row{"a", 16}) {
		t.Errorf("got %v", r)
	}
	if r := table.Get([]byte("builtin")); r == nil || r.Size != 2 {
		t.Errorf("got %v", r)
	}
	if version, _ := table.Snapshot(); version.Counter != 9 {
		t.Errorf("got %v", version)
	}
}

func TestAWrongFieldIsNamedWithItsPlace(t *testing.T) {
	fsys := &configtest.FS{}
	text := "{\"dataVersion\":{},\n\"rowTable\":{\n\t\"a\":{\"size\":1},\n\t\"b\":{\"size\":\"big\"}}}"
	fsys.Set(path, text)
	_, err := OpenTable(tableConfig(fsys, nil))
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || !strings.Contains(corrupt.Reason, "size") {
		t.Fatalf("got %v", err)
	}
	if corrupt.Offset != strings.Index(text, `"big"`)+len(`"big"`) {
		t.Errorf("got byte %d: %v", corrupt.Offset, err)
	}
}

func FuzzTableFile(f *testing.F) {
	f.Add([]byte(`{rowTable:{'a':{attributes:{}},"b":null},dataVersion:{counter:9}}`))
	f.Add([]byte(`{"rowTable":null}`))
	f.Add([]byte(`{"rowTable":[`))
	f.Fuzz(func(t *testing.T, text []byte) {
		table := &Table[row]{key: "rowTable", rows: map[string]*row{}, newRow: func(name string) *row { return &row{Name: name} }}
		if err := table.decode(text); err != nil {
			var syntax *fastjson.SyntaxError
			if !errors.As(err, &syntax) || len(table.rows) > 0 {
				t.Fatalf("%v, %d rows", err, len(table.rows))
			}
			return
		}
		again := &Table[row]{key: "rowTable", rows: map[string]*row{}, newRow: func(name string) *row { return &row{Name: name} }}
		if err := again.decode(table.pretty()); err != nil || len(again.rows) != len(table.rows) {
			t.Fatalf("%v, %d rows of %d", err, len(again.rows), len(table.rows))
		}
	})
}

func TestATableBecomesWhatAnotherCopySays(t *testing.T) {
	master, files := openTable(t, &configtest.FS{}, nil), &configtest.FS{}
	for _, r := range []*row{{"a", 4}, {"b", 5}} {
		if err := master.Put(r.Name, r); err != nil {
			t.Fatal(err)
		}
	}
	var changes []string
	slave := openTable(t, files, func(r *row) { changes = append(changes, r.Name) })
	if err := slave.Put("own", &row{"own", 1}); err != nil {
		t.Fatal(err)
	}
	if err := slave.Replace(master.JSON()); err != nil {
		t.Fatal(err)
	}
	if slave.Version() != master.Version() || len(changes) != 4 {
		t.Errorf("version %v, want %v; changes %v", slave.Version(), master.Version(), changes)
	}
	if err := slave.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, table := range []*Table[row]{slave, openTable(t, files, nil)} {
		_, rows := table.Snapshot()
		if len(rows) != 3 || rows["b"].Size != 5 || rows["builtin"] == nil {
			t.Errorf("rows %v", rows)
		}
	}
	for _, text := range []string{`{"rowTable":[]}`, `{"rowTable":{"a":{},"b":{},"c":{},"d":{}}}`} {
		if err := slave.Replace([]byte(text)); err == nil || slave.Version() != master.Version() {
			t.Errorf("%s: %v, version %v", text, err, slave.Version())
		}
	}
}
