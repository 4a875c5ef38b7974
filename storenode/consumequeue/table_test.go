package consumequeue

import (
	"bytes"
	"errors"
	"testing"

	"gantry/storenode/vfs"
)

// stage makes queue 3 of topic T with 25 units, of which 5 are in memory only, its first file gone, and a queue that is in
// memory only.
func stage(t *testing.T, cfg Config) *Queues {
	t.Helper()
	qs := New(cfg)
	q := qs.FindOrAdd([]byte("T"), 3)
	put(t, q, 0, 20)
	write(t, qs)
	put(t, q, 20, 25)
	if removed, err := q.Expire(unit(12).Physical); removed != 1 || err != nil {
		t.Fatal(removed, err)
	}
	put(t, qs.FindOrAdd([]byte("in memory only"), 0), 0, 3)
	return qs
}

func TestATableRestoresQueuesAndTheirUnitsInMemoryWithoutReadingFiles(t *testing.T) {
	mem := vfs.NewMem()
	cfg := testConfig(mem)
	table := stage(t, cfg).AppendTable(nil)
	mem.SetHook(func(op vfs.Op) error {
		t.Errorf("restoring does %s %s", op.Kind, op.Path)
		return nil
	})
	qs := New(cfg)
	if err := qs.Restore(table); err != nil {
		t.Fatal(err)
	}
	mem.SetHook(nil)
	q := qs.Find("T", 3)
	check(t, q, 12, 25)
	check(t, qs.Find("in memory only", 0), 0, 3)
	if got := qs.BufferedBytes(); got != 8*UnitBytes {
		t.Errorf("%d bytes of units in memory", got)
	}
	if err := q.CheckFiles(); err != nil {
		t.Error(err)
	}
	put(t, q, 25, 40)
	write(t, qs)
	qs = load(t, cfg, everything)
	check(t, qs.Find("T", 3), 10, 40)
	check(t, qs.Find("in memory only", 0), 0, 3)
}

func TestATableThatMakesNoSenseLeavesNoQueue(t *testing.T) {
	table := stage(t, testConfig(vfs.NewMem())).AppendTable(nil)
	for length := 1; length < len(table); length++ {
		qs := New(testConfig(vfs.NewMem()))
		err := qs.Restore(table[:length])
		if err == nil && bytes.Equal(qs.AppendTable(nil), table[:length]) {
			continue // cut between two topics
		}
		if !errors.Is(err, ErrTable) || len(qs.All()) != 0 || qs.BufferedBytes() != 0 {
			t.Fatalf("%d of %d bytes: %v, %d queues", length, len(table), err, len(qs.All()))
		}
	}
	q := New(testConfig(vfs.NewMem())).FindOrAdd([]byte("T"), 3)
	put(t, q, 0, 5)
	write(t, q.owner)
	bad := q.owner.AppendTable(nil)
	bad[2+1+4+4] = 0x80 // the files' size becomes negative
	if err := New(testConfig(vfs.NewMem())).Restore(bad); !errors.Is(err, ErrTable) {
		t.Error(err)
	}
}

func TestMissingAndShortFilesAreNoticed(t *testing.T) {
	mem := vfs.NewMem()
	qs := stage(t, testConfig(mem))
	q := qs.Find("T", 3)
	file, err := mem.Open(q.path(200))
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(100); err != nil {
		t.Fatal(err)
	}
	if err := q.CheckFiles(); err == nil {
		t.Error("a short file goes unnoticed")
	}
	if err := mem.Remove(q.path(200)); err != nil {
		t.Fatal(err)
	}
	if err := q.CheckFiles(); err == nil {
		t.Error("a missing file goes unnoticed")
	}
}

// FuzzRestore takes any bytes for a table: queues that can be, or an error.
func FuzzRestore(f *testing.F) {
	qs := New(testConfig(vfs.NewMem()))
	for n := range 30 {
		if _, err := qs.FindOrAdd([]byte("T"), 1).Put(Offset(n), unit(n)); err != nil {
			f.Fatal(err)
		}
	}
	if err := qs.Write(0); err != nil {
		f.Fatal(err)
	}
	f.Add(qs.AppendTable(nil))
	f.Fuzz(func(t *testing.T, table []byte) {
		qs := New(testConfig(vfs.NewMem()))
		if err := qs.Restore(table); err != nil {
			return
		}
		for _, q := range qs.All() {
			if low, high := q.Range(); low > high || low < 0 {
				t.Errorf("queue %s %d from %d to %d", q.Topic(), q.ID(), low, high)
			}
		}
		again := New(testConfig(vfs.NewMem()))
		if err := again.Restore(qs.AppendTable(nil)); err != nil || len(again.All()) != len(qs.All()) {
			t.Errorf("%v, %d queues of %d", err, len(again.All()), len(qs.All()))
		}
	})
}
