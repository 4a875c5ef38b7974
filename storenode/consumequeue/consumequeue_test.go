package consumequeue

import (
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"math"
	"testing"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

// everything is the bounds of a log nothing is missing from.
var everything = Bounds{Limit: math.MaxInt64}

func testConfig(system vfs.FS) Config {
	return Config{
		FS: system, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Dir: "/store/consumequeue",
		MappedFileSizeConsumeQueue: 10 * UnitBytes, MaxOpenFiles: 3, MaxBufferedBytes: 1 << 20, LoadWorkers: 2,
		BeforeRemove: func() error { return nil }, OnDamage: func(error) {},
	}
}

func load(t *testing.T, cfg Config, bounds Bounds) *Queues {
	t.Helper()
	qs := New(cfg)
	if damaged, err := qs.Load(bounds); damaged != 0 || err != nil {
		t.Fatalf("load: %d damaged, %v", damaged, err)
	}
	return qs
}

// unit is the unit of message number n: records of 100 bytes, one behind the other.
func unit(n int) Unit {
	return Unit{Physical: commitlog.Offset(n * 100), Size: 100, TagsCode: int64(-n)}
}

// put appends messages from to to.
func put(t *testing.T, q *Queue, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if placed, err := q.Put(Offset(n), unit(n)); placed != Appended || err != nil {
			t.Fatalf("put %d: %v, %v", n, placed, err)
		}
	}
}

func write(t *testing.T, qs *Queues) {
	t.Helper()
	if err := qs.Write(0); err != nil {
		t.Fatal(err)
	}
}

// check compares the queue with messages first to end.
func check(t *testing.T, q *Queue, first, end int) {
	t.Helper()
	if q == nil {
		t.Fatal("no such queue")
	}
	if low, high := q.Range(); low != Offset(first) || high != Offset(end) {
		t.Fatalf("range %d to %d, want %d to %d", low, high, first, end)
	}
	for n := first; n < end; n++ {
		if u, ok, err := q.Unit(Offset(n)); u != unit(n) || !ok || err != nil {
			t.Fatalf("unit %d is %+v, %v, %v", n, u, ok, err)
		}
	}
	if want := unit(end - 1).end(); end > 0 && q.MaxPhysical() != want {
		t.Fatalf("maximum physical offset %d, want %d", q.MaxPhysical(), want)
	}
}

func TestBytesAndFilesAreJavas(t *testing.T) {
	mem := vfs.NewMem()
	qs := load(t, testConfig(mem), everything)
	q := qs.FindOrAdd([]byte("TopicTest"), 3)
	for n := range 12 {
		u := Unit{Physical: commitlog.Offset(n) << 33, Size: 0x102, TagsCode: -2}
		if _, err := q.Put(Offset(n), u); err != nil {
			t.Fatal(err)
		}
	}
	write(t, qs)
	file, err := mem.Open("/store/consumequeue/TopicTest/3/00000000000000000200")
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 40)
	if _, err := file.ReadAt(b, 20); err != nil {
		t.Fatal(err)
	}
	want := "0000001600000000" + "00000102" + "fffffffffffffffe" + "0000000000000000" + "00000000" + "0000000000000000"
	if hex.EncodeToString(b) != want {
		t.Errorf("second unit of the second file %x, want %s", b, want)
	}
	if size, err := file.Size(); size != 200 || err != nil {
		t.Errorf("file has %d bytes, %v", size, err)
	}
}

func TestReadsMergeFileAndMemory(t *testing.T) {
	qs := load(t, testConfig(vfs.NewMem()), everything)
	q := qs.FindOrAdd([]byte("T"), 0)
	put(t, q, 0, 15)
	write(t, qs)
	put(t, q, 15, 18)
	check(t, q, 0, 18)
	dst := make([]byte, 100*UnitBytes)
	for from, want := range map[Offset]int{0: 10, 7: 3, 10: 8, 16: 2, 18: 0, -1: 0} {
		for name, read := range map[string]func(Offset, []byte) (int, error){"read": q.Read, "read now": q.ReadNow} {
			clear(dst)
			n, err := read(from, dst)
			if n != want || err != nil {
				t.Errorf("%s from %d: %d units, %v; want %d", name, from, n, err, want)
			}
			for i := range n {
				if u := DecodeUnit(dst[i*UnitBytes:]); u != unit(int(from)+i) {
					t.Errorf("%s from %d: unit %d is %+v", name, from, i, u)
				}
			}
		}
	}
}

func TestReadNowOpensNoFileAndWaitsForNone(t *testing.T) {
	mem := vfs.NewMem()
	qs := load(t, testConfig(mem), everything)
	put(t, qs.FindOrAdd([]byte("T"), 0), 0, 15)
	write(t, qs)
	qs = load(t, testConfig(mem), everything)
	q, b := qs.Find("T", 0), make([]byte, UnitBytes)
	now := func(what string, from Offset, want error) {
		t.Helper()
		if _, err := q.ReadNow(from, b); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	qs.cache.drop(fileKey{q, 0})
	now("a file that is not open", 3, vfs.ErrWouldWait)
	if _, err := q.Read(3, b); err != nil {
		t.Fatal(err)
	}
	now("a file that is", 3, nil)
	qs.cache.mu.Lock()
	now("while another file is opened", 3, vfs.ErrWouldWait)
	qs.cache.mu.Unlock()
	mem.SetDelay(func(op vfs.Op) time.Duration { return time.Hour })
	now("a slow disk", 3, vfs.ErrWouldWait)
}

func TestAQueueThatBeginsLate(t *testing.T) {
	mem := vfs.NewMem()
	qs := load(t, testConfig(mem), everything)
	q := qs.FindOrAdd([]byte("T"), 0)
	put(t, q, 23, 25)
	check(t, q, 23, 25)
	write(t, qs)
	b := make([]byte, UnitBytes)
	file, err := mem.Open("/store/consumequeue/T/0/00000000000000000400")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.ReadAt(b, 2*UnitBytes); err != nil || hex.EncodeToString(b) != "00000000000000007fffffff0000000000000000" {
		t.Errorf("unit before the first %x, %v", b, err)
	}
	check(t, load(t, testConfig(mem), everything).Find("T", 0), 23, 25)
}

func TestWhatPutMakesOfRepeatsAndGaps(t *testing.T) {
	qs := load(t, testConfig(vfs.NewMem()), everything)
	q := qs.FindOrAdd([]byte("T"), 0)
	put(t, q, 0, 5)
	for _, row := range []struct {
		ordinal Offset
		unit    Unit
		want    Placed
	}{{4, unit(4), Duplicate}, {0, unit(0), Duplicate}, {3, unit(9), Duplicate}, {7, unit(7), Gap}} {
		if placed, err := q.Put(row.ordinal, row.unit); placed != row.want || err != nil {
			t.Errorf("put %d: %v, %v; want %v", row.ordinal, placed, err, row.want)
		}
	}
	check(t, q, 0, 5)
	q.FillGap(7)
	put(t, q, 7, 8)
	if u, ok, err := q.Unit(6); !u.Blank() || !ok || err != nil {
		t.Errorf("unit in the gap %+v, %v, %v", u, ok, err)
	}
	if _, err := q.Put(0, unit(20)); err != nil { // the topic was deleted and begun anew
		t.Fatal(err)
	}
	if low, high := q.Range(); low != 0 || high != 1 {
		t.Errorf("after the new beginning %d to %d", low, high)
	}
}

func TestOpeningAgain(t *testing.T) {
	mem := vfs.NewMem()
	cfg := testConfig(mem)
	qs := load(t, cfg, everything)
	put(t, qs.FindOrAdd([]byte("A"), 0), 0, 37)
	put(t, qs.FindOrAdd([]byte("B"), 1), 0, 10)
	put(t, qs.FindOrAdd([]byte("%RETRY%g"), 0), 0, 1)
	write(t, qs)
	if err := errors.Join(qs.Sync(), qs.Close()); err != nil {
		t.Fatal(err)
	}
	cfg.MappedFileSizeConsumeQueue = 6_000_000 // the size of the files that exist wins
	qs = load(t, cfg, everything)
	check(t, qs.Find("A", 0), 0, 37)
	check(t, qs.Find("B", 1), 0, 10)
	check(t, qs.Find("%RETRY%g", 0), 0, 1)
	put(t, qs.Find("A", 0), 37, 55)
	check(t, qs.Find("A", 0), 0, 55)
	if len(qs.All()) != 3 || qs.Find("A", 1) != nil {
		t.Errorf("%d queues", len(qs.All()))
	}
}

func TestBoundsOfTheLogCutAQueue(t *testing.T) {
	for _, row := range []struct{ minPhysical, limit, first, end int }{
		{0, 1 << 40, 0, 37}, {0, 3700, 0, 37}, {0, 3699, 0, 37}, {0, 3600, 0, 36}, {0, 2000, 0, 20}, {0, 1950, 0, 20}, {0, 100, 0, 1},
		{500, 1 << 40, 5, 37}, {501, 1 << 40, 6, 37}, {1500, 2500, 15, 25}, {5000, 1 << 40, 37, 37},
	} {
		mem := vfs.NewMem()
		qs := load(t, testConfig(mem), everything)
		put(t, qs.FindOrAdd([]byte("T"), 0), 0, 37)
		write(t, qs)
		bounds := Bounds{Min: commitlog.Offset(row.minPhysical), Limit: commitlog.Offset(row.limit), Distrust: true}
		q := load(t, testConfig(mem), bounds).Find("T", 0)
		check(t, q, row.first, row.end)
		check(t, load(t, testConfig(mem), everything).Find("T", 0), 0, row.end) // the cut is on disk
		if row.limit < 3700 && row.minPhysical == 0 {
			put(t, q, row.end, row.end+3)
			check(t, q, 0, row.end+3)
		}
	}
}

func TestTruncate(t *testing.T) {
	mem := vfs.NewMem()
	qs := load(t, testConfig(mem), everything)
	put(t, qs.FindOrAdd([]byte("T"), 0), 0, 37)
	write(t, qs)
	qs = load(t, testConfig(mem), everything)
	for _, end := range []int{37, 36, 30, 11, 1} {
		if err := qs.Find("T", 0).Truncate(commitlog.Offset(end * 100)); err != nil {
			t.Fatal(err)
		}
		check(t, qs.Find("T", 0), 0, end)
	}
}

func TestManyQueuesKeepFewFilesOpen(t *testing.T) {
	qs := load(t, testConfig(vfs.NewMem()), everything)
	for id := range int32(50) {
		put(t, qs.FindOrAdd([]byte("T"), id), 0, 12)
	}
	if qs.BufferedBytes() != 50*12*UnitBytes {
		t.Errorf("%d bytes in memory", qs.BufferedBytes())
	}
	write(t, qs)
	for id := range int32(50) {
		check(t, qs.Find("T", id), 0, 12)
	}
	if qs.OpenFiles() > 3 {
		t.Errorf("%d files open", qs.OpenFiles())
	}
}

func TestWriteLeavesSmallTailsAlone(t *testing.T) {
	qs := load(t, testConfig(vfs.NewMem()), everything)
	put(t, qs.FindOrAdd([]byte("small"), 0), 0, 2)
	put(t, qs.FindOrAdd([]byte("large"), 0), 0, 9)
	if err := qs.Write(5 * UnitBytes); err != nil {
		t.Fatal(err)
	}
	if qs.BufferedBytes() != 2*UnitBytes {
		t.Errorf("%d bytes in memory", qs.BufferedBytes())
	}
	write(t, qs)
	if qs.BufferedBytes() != 0 {
		t.Errorf("%d bytes in memory", qs.BufferedBytes())
	}
}

func TestDelete(t *testing.T) {
	mem := vfs.NewMem()
	qs := load(t, testConfig(mem), everything)
	put(t, qs.FindOrAdd([]byte("gone"), 0), 0, 25)
	put(t, qs.FindOrAdd([]byte("kept"), 0), 0, 25)
	write(t, qs)
	put(t, qs.Find("gone", 0), 25, 26)
	if err := qs.Delete("gone"); err != nil {
		t.Fatal(err)
	}
	if qs.Find("gone", 0) != nil || qs.BufferedBytes() != 0 {
		t.Errorf("queue still there, %d bytes in memory", qs.BufferedBytes())
	}
	if entries, err := mem.List("/store/consumequeue"); len(entries) != 1 || err != nil {
		t.Errorf("folder holds %v, %v", entries, err)
	}
	put(t, qs.FindOrAdd([]byte("gone"), 0), 0, 3)
	write(t, qs)
	check(t, load(t, testConfig(mem), everything).Find("gone", 0), 0, 3)
}

// TestPowerLossKeepsWhatWasSyncedBeforeTheLimit is the contract recovery builds on.
// TestRandomOperations compares queues with a model: a number of messages each.
