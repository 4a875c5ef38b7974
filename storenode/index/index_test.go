package index

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

func testConfig(system vfs.FS) Config {
	return Config{
		FS: system, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Dir: "/store/index",
		MaxHashSlotNum: 7, MaxIndexNum: 20, OnDamage: func(*DamageError) {},
	}
}

func open(t *testing.T, cfg Config) *Index {
	t.Helper()
	x, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func put(t *testing.T, x *Index, topic, uniqKey, keys string, offset int) {
	t.Helper()
	if err := x.Put([]byte(topic), []byte(uniqKey), []byte(keys), commitlog.Offset(offset), 1_000_000+int64(offset)*10); err != nil {
		t.Fatal(err)
	}
}

// find returns the offsets of all time.
func find(t *testing.T, x *Index, topic, key string) []commitlog.Offset {
	t.Helper()
	r, err := x.Query(topic, key, 100, 0, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	return r.Offsets
}

func TestBytesAreJavas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(123 * time.Millisecond)
		mem := vfs.NewMem()
		x := open(t, testConfig(mem))
		if err := x.Put([]byte("T"), []byte("k"), nil, 0x1122334455, 0x0102030405060708); err != nil {
			t.Fatal(err)
		}
		if err := x.Put([]byte("T"), []byte("k"), nil, 0x1122334466, 0x0102030405060708+61_999); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("/store/index", time.Now().Format("20060102150405")+"123")
		f, err := mem.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 40+7*4+20*20)
		if _, err := f.ReadAt(b, 0); err != nil {
			t.Fatal(err)
		}
		// "T#k".hashCode() is 81916 = 0x13ffc; modulo 7 it is 2
		want := strings.Join([]string{
			"0102030405060708", "010203040506f937", "0000001122334455", "0000001122334466", "00000001", "00000003",
			"00000000", "00000000", "00000002", "00000000", "00000000", "00000000", "00000000",
			"00000000", "0000000000000000", "00000000", "00000000",
			"00013ffc", "0000001122334455", "00000000", "00000000",
			"00013ffc", "0000001122334466", "0000003d", "00000001",
		}, "")
		if got := hex.EncodeToString(b[:len(want)/2]); got != want {
			t.Errorf("file\n%s, want\n%s", got, want)
		}
	})
}

func TestKeyHash(t *testing.T) {
	for key, want := range map[string]int32{"": 0, "T#k": 81916, "polygenelubricants": 0, "标签": 857175} {
		if got := keyHash([]byte(key)); got != want {
			t.Errorf("%q: %d, want %d", key, got, want)
		}
	}
}

func TestQueriesFindNewestFirst(t *testing.T) {
	x := open(t, testConfig(vfs.NewMem()))
	put(t, x, "T", "u1", "red blue", 100)
	put(t, x, "T", "u2", " blue  blue ", 200)
	put(t, x, "T", "", "blue", 300)
	put(t, x, "Other", "u3", "blue", 400)
	for key, want := range map[string][]commitlog.Offset{
		"u1": {100}, "red": {100}, "blue": {300, 200, 200, 100}, "green": nil,
	} {
		if got := find(t, x, "T", key); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", key, got, want)
		}
	}
	r, err := x.Query("T", "blue", 2, 0, math.MaxInt64)
	if err != nil || !slices.Equal(r.Offsets, []commitlog.Offset{300, 200}) {
		t.Errorf("two at most: %v, %v", r.Offsets, err)
	}
	if r.LastUpdateOffset != 400 || r.LastUpdateTimestamp != 1_004_000 {
		t.Errorf("last update %d at %d", r.LastUpdateOffset, r.LastUpdateTimestamp)
	}
}

func TestQueriesKeepToTheTime(t *testing.T) {
	x := open(t, testConfig(vfs.NewMem()))
	for offset := 100; offset <= 1000; offset += 100 {
		put(t, x, "T", "k", "", offset) // one second apart: 1,001,000 to 1,010,000
	}
	for _, row := range []struct {
		begin, end int64
		want       []commitlog.Offset
	}{
		{1_003_000, 1_005_000, []commitlog.Offset{500, 400, 300}},
		{0, 1_001_000, []commitlog.Offset{100}},
		{1_010_000, math.MaxInt64, []commitlog.Offset{1000}},
		{1_011_000, math.MaxInt64, nil},
		{0, 1_000_999, nil},
	} {
		if r, err := x.Query("T", "k", 100, row.begin, row.end); err != nil || !slices.Equal(r.Offsets, row.want) {
			t.Errorf("%d to %d: %v, %v; want %v", row.begin, row.end, r.Offsets, err, row.want)
		}
	}
}

func TestAFullFileIsFollowedByAnother(t *testing.T) {
	mem := vfs.NewMem()
	x := open(t, testConfig(mem))
	for n := 1; n <= 100; n++ {
		put(t, x, "T", fmt.Sprint("u", n), "all", n*100)
	}
	if len(x.Files()) != 11 { // 200 items, 19 to a file
		t.Errorf("%d files", len(x.Files()))
	}
	if got := find(t, x, "T", "all"); len(got) != 100 || got[0] != 10000 || got[99] != 100 {
		t.Errorf("found %d", len(got))
	}
	if _, err := x.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, f := range x.files[:10] {
		if f.mapping != nil {
			t.Errorf("full file %s is still mapped", f.path)
		}
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x = open(t, testConfig(mem))
	if got := find(t, x, "T", "u50"); !slices.Equal(got, []commitlog.Offset{5000}) || x.EndOffset() != 10000 {
		t.Errorf("after opening again: %v, end %d", got, x.EndOffset())
	}
}

func TestRecordsThatAreInAreSkipped(t *testing.T) {
	x := open(t, testConfig(vfs.NewMem()))
	put(t, x, "T", "u", "", 500)
	put(t, x, "T", "u", "", 400)
	if got := find(t, x, "T", "u"); !slices.Equal(got, []commitlog.Offset{500}) {
		t.Errorf("%v", got)
	}
}

// TestRollback compares an index that was rolled back and continued with one that never was.
func TestRollback(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 4))
			mem := vfs.NewMem()
			x := open(t, testConfig(mem))
			count, limit := 1+random.IntN(60), random.IntN(70)
			for n := 1; n <= count; n++ {
				put(t, x, "T", fmt.Sprint("u", n), fmt.Sprint("k", n%3), n*100)
			}
			if random.IntN(2) == 0 {
				if err := x.Close(); err != nil {
					t.Fatal(err)
				}
				x = open(t, testConfig(mem))
			}
			if _, err := x.Rollback(commitlog.Offset(limit * 100)); err != nil {
				t.Fatal(err)
			}
			kept := min(count, max(limit-1, 0))
			if x.EndOffset() != commitlog.Offset(kept*100) {
				t.Fatalf("end %d after rolling %d records back to %d", x.EndOffset(), count, limit)
			}
			for n := kept + 1; n <= 70; n++ {
				put(t, x, "T", fmt.Sprint("u", n), fmt.Sprint("k", n%3), n*100)
			}
			for n := 1; n <= 70; n++ {
				if got := find(t, x, "T", fmt.Sprint("u", n)); !slices.Equal(got, []commitlog.Offset{commitlog.Offset(n * 100)}) {
					t.Fatalf("u%d: %v", n, got)
				}
			}
			if got := find(t, x, "T", "k1"); len(got) != 24 {
				t.Fatalf("k1: %d records", len(got))
			}
		})
	}
}

// TestAnItemTheHeaderDoesNotCount: the process died between writing the slot and the header.
func TestAnItemTheHeaderDoesNotCount(t *testing.T) {
	mem := vfs.NewMem()
	x := open(t, testConfig(mem))
	put(t, x, "T", "u", "", 100)
	before := x.files[0].header
	put(t, x, "T", "u", "", 200)
	before.encode(x.files[0].mapping.Bytes())
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x = open(t, testConfig(mem))
	if _, err := x.Rollback(200); err != nil {
		t.Fatal(err)
	}
	put(t, x, "T", "u", "", 200)
	if got := find(t, x, "T", "u"); !slices.Equal(got, []commitlog.Offset{200, 100}) {
		t.Errorf("%v", got)
	}
}

func TestDamagedAndForeignFiles(t *testing.T) {
	mem := vfs.NewMem()
	x := open(t, testConfig(mem))
	put(t, x, "T", "u", "", 100)
	damaged := x.Files()[0]
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := mem.Open(damaged)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{0x7F}, 36); err != nil { // indexCount
		t.Fatal(err)
	}
	for _, name := range []string{"20200101000000000", "notes.txt"} {
		if _, err := mem.Create("/store/index/"+name, 33); err != nil {
			t.Fatal(err)
		}
	}
	x = open(t, testConfig(mem))
	if len(x.Files()) != 0 || x.EndOffset() != 0 {
		t.Errorf("files %v, end %d", x.Files(), x.EndOffset())
	}
	if entries, err := mem.List("/store/index"); len(entries) != 2 || err != nil {
		t.Errorf("folder holds %v, %v", entries, err)
	}
	put(t, x, "T", "u", "", 100)
	if got := find(t, x, "T", "u"); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestAFullDisk(t *testing.T) {
	mem := vfs.NewMem()
	x := open(t, testConfig(mem))
	mem.SetHook(func(op vfs.Op) error {
		if op.Kind == "create" {
			return syscall.ENOSPC
		}
		return nil
	})
	if err := x.Put([]byte("T"), []byte("u"), nil, 100, 1); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("put: %v", err)
	}
	mem.SetHook(nil)
	put(t, x, "T", "u", "", 100)
	if got := find(t, x, "T", "u"); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// TestAFaultIsAnError maps a real file, takes its pages away and touches them.
func TestAFaultIsAnError(t *testing.T) {
	cfg := testConfig(vfs.OS{})
	cfg.Dir = t.TempDir()
	cfg.MaxIndexNum = 2000
	x := open(t, cfg)
	put(t, x, "T", "u", "", 100)
	if err := os.Truncate(x.Files()[0], 0); err != nil {
		t.Fatal(err)
	}
	if err := x.Put([]byte("T"), []byte("v"), nil, 200, 1); !errors.Is(err, errFault) {
		t.Errorf("put: %v", err)
	}
	if _, err := x.Rollback(200); !errors.Is(err, errFault) {
		t.Errorf("rollback: %v", err)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}

func TestAFailedFlushIsNotBelievedTheSecondTime(t *testing.T) {
	mem := vfs.NewMem()
	x := open(t, testConfig(mem))
	put(t, x, "T", "u", "", 100)
	if upTo, err := x.Flush(); upTo != 1_001_000 || err != nil {
		t.Fatalf("flush: %d, %v", upTo, err)
	}
	mem.SetHook(func(op vfs.Op) error {
		if op.Kind == "sync" {
			return syscall.EIO
		}
		return nil
	})
	if _, err := x.Flush(); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	mem.SetHook(nil)
	if _, err := x.Flush(); !errors.Is(err, syscall.EIO) {
		t.Errorf("second flush: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	good := make([]byte, 40)
	(&header{beginTimestamp: 1, endTimestamp: 2, beginOffset: 3, endOffset: 4, slotCount: 1, count: 2}).encode(good)
	f.Add(good, int64(4))
	f.Fuzz(func(t *testing.T, content []byte, limit int64) {
		mem := vfs.NewMem()
		cfg := testConfig(mem)
		if err := mem.MkdirAll(cfg.Dir); err != nil {
			t.Fatal(err)
		}
		file, err := mem.Create(cfg.Dir+"/20200101000000000", cfg.fileBytes())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(content[:min(len(content), int(cfg.fileBytes()))], 0); err != nil {
			t.Fatal(err)
		}
		x := open(t, cfg)
		if _, err := x.Query("T", "k", 10, 0, math.MaxInt64); err != nil {
			t.Fatal(err)
		}
		v := x.NewVerifier()
		for _, offset := range []int64{limit, 4, limit} {
			var found *DamageError
			if err := v.Check([]byte("T"), []byte("k"), []byte("a b"), commitlog.Offset(offset), 1); err != nil && !errors.As(err, &found) {
				t.Fatal(err)
			}
		}
		if _, err := x.Rollback(commitlog.Offset(limit)); err != nil {
			t.Fatal(err)
		}
		if err := x.Put([]byte("T"), []byte("k"), nil, math.MaxInt64, 1); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkPut(b *testing.B) {
	cfg := testConfig(vfs.OS{})
	cfg.Dir, cfg.MaxHashSlotNum, cfg.MaxIndexNum = b.TempDir(), 5_000_000, 20_000_000
	x, err := Open(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	key := []byte("7F00000100002A9F0000000000000000")
	for n := 0; b.Loop(); n++ {
		hex.Encode(key[16:], []byte{0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		if err := x.Put([]byte("TopicTest"), key, nil, commitlog.Offset(n+1), int64(n)); err != nil {
			b.Fatal(err)
		}
	}
	if err := x.Close(); err != nil {
		b.Fatal(err)
	}
}
