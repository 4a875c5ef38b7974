package index

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

// record is what a test has indexed.
type record struct {
	topic, uniqKey, keys string
	offset               int
}

// records make several files, with some records' keys in two of them, and some without keys.
func records(n int) []record {
	var all []record
	for i := 1; i <= n; i++ {
		r := record{topic: "T", offset: i * 100}
		if i%5 != 0 {
			r.uniqKey, r.keys = fmt.Sprint("u", i), []string{"", "all", "all  odd", "all all", fmt.Sprint("k", i)}[i%5]
		}
		all = append(all, r)
	}
	return all
}

// storeTime has records some hundred ms apart.
func storeTime(offset int) int64 { return 1_000_000 + int64(offset)*7 }

func putAll(t *testing.T, x *Index, all []record) {
	t.Helper()
	for _, r := range all {
		if err := x.Put([]byte(r.topic), []byte(r.uniqKey), []byte(r.keys), commitlog.Offset(r.offset), storeTime(r.offset)); err != nil {
			t.Fatal(err)
		}
	}
}

// verify goes through all records twice, as the background does, and returns the first damage.
func verify(t *testing.T, v *Verifier, all []record) *DamageError {
	t.Helper()
	for range 2 {
		for _, r := range all {
			err := v.Check([]byte(r.topic), []byte(r.uniqKey), []byte(r.keys), commitlog.Offset(r.offset), storeTime(r.offset))
			var found *DamageError
			if errors.As(err, &found) {
				return found
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return nil
}

// foundIn is damage of a file, found now.
func foundIn(x *Index, number int) *DamageError {
	return &DamageError{File: x.Files()[number], undone: x.undone}
}

func TestNothingIsFoundWhereNothingIsWrong(t *testing.T) {
	all := records(120)
	for name, prepare := range map[string]func(t *testing.T, x *Index) (*Index, []record){
		"as it was written": func(_ *testing.T, x *Index) (*Index, []record) { return x, all },
		"opened again": func(t *testing.T, x *Index) (*Index, []record) {
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, x.cfg), all
		},
		"the oldest files have expired": func(t *testing.T, x *Index) (*Index, []record) {
			if removed, err := x.Expire(5000); removed < 2 || err != nil {
				t.Fatal(removed, err)
			}
			return x, all
		},
		"rolled back and continued": func(t *testing.T, x *Index) (*Index, []record) {
			next, err := x.Rollback(4_100)
			if next != 4_100 || err != nil {
				t.Fatal(next, err)
			}
			putAll(t, x, all)
			return x, all
		},
		"rolled back": func(t *testing.T, x *Index) (*Index, []record) {
			if _, err := x.Rollback(4_100); err != nil {
				t.Fatal(err)
			}
			return x, all[:40]
		},
		"taken back and continued": func(t *testing.T, x *Index) (*Index, []record) {
			found := foundIn(x, 3)
			end, ok := x.EndBefore(found)
			next, err := x.TakeBack(found)
			if _, again := x.EndBefore(found); again {
				t.Error("what was taken back can be taken back again")
			}
			if !ok || next != end || err != nil || len(x.Files()) != 3 {
				t.Fatal(next, end, err, len(x.Files()))
			}
			putAll(t, x, all[next/100-1:])
			return x, all
		},
		"some records are not asked about": func(_ *testing.T, x *Index) (*Index, []record) {
			return x, slices.DeleteFunc(slices.Clone(all), func(r record) bool { return r.offset%700 < 300 })
		},
		"only the end is asked about": func(_ *testing.T, x *Index) (*Index, []record) { return x, all[90:] },
	} {
		t.Run(name, func(t *testing.T) {
			x := open(t, testConfig(vfs.NewMem()))
			putAll(t, x, all)
			x, asked := prepare(t, x)
			if found := verify(t, x.NewVerifier(), asked); found != nil {
				t.Error(found)
			}
			if err := x.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestEveryFlippedBitIsFound in header, slots and items, and the file is named; once it is taken back and the rest put
// again, everything is found by key.
func TestEveryFlippedBitIsFound(t *testing.T) {
	mem := vfs.NewMem()
	x := open(t, testConfig(mem))
	all := records(45)
	putAll(t, x, all)
	v := x.NewVerifier()
	for _, path := range x.Files() {
		file, err := mem.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		of := x.files[slices.Index(x.Files(), path)]
		used := of.itemPos(of.header.count)
		for at := range used {
			if unused := x.files[0].itemPos(0); at >= unused && at < unused+itemBytes {
				continue // item 0 is never used
			}
			if first := x.files[0].itemPos(1) + 12; path == x.Files()[0] && at >= first && at < first+4 {
				continue // seconds since a time nobody knows
			}
			for bit := range 8 {
				flip(t, file, at, bit)
				if found := verify(t, v, all); found == nil || found.File != path {
					t.Errorf("%s byte %d bit %d: %v", path, at, bit, found)
				}
				flip(t, file, at, bit)
			}
		}
	}
	if found := verify(t, v, all); found != nil {
		t.Error(found)
	}
}

func flip(t *testing.T, file vfs.File, at int64, bit int) {
	t.Helper()
	var b [1]byte
	if _, err := file.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1 << bit
	if _, err := file.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}

// TestAHoleIsFound: a file in the middle is missing.
func TestAHoleIsFound(t *testing.T) {
	mem := vfs.NewMem()
	x := open(t, testConfig(mem))
	all := records(120)
	putAll(t, x, all)
	files := x.Files()
	if err := errors.Join(x.Close(), mem.Remove(files[2])); err != nil {
		t.Fatal(err)
	}
	x = open(t, testConfig(mem))
	found := verify(t, x.NewVerifier(), all)
	if found == nil || found.File != files[3] {
		t.Fatalf("found %v", found)
	}
	next, err := x.TakeBack(found)
	if err != nil {
		t.Fatal(err)
	}
	putAll(t, x, all[next/100-1:])
	if found := verify(t, x.NewVerifier(), all); found != nil {
		t.Error(found)
	}
	if got := find(t, x, "T", "all"); len(got) == 0 {
		t.Error("nothing found by key")
	}
}

// TestADamagedFileIsMadeAgainAtTheNextStart together with the newer ones: nothing is missing in what is left.
func TestADamagedFileIsMadeAgainAtTheNextStart(t *testing.T) {
	all := records(120)
	for at, what := range map[int64]string{9: "end time", 17: "begin offset", 26: "end offset", 33: "slot count", 37: "item count"} {
		for number := range 9 {
			t.Run(fmt.Sprint(what, " of file ", number), func(t *testing.T) {
				mem := vfs.NewMem()
				x := open(t, testConfig(mem))
				putAll(t, x, all)
				files := x.Files()
				if len(files) < 9 {
					t.Fatalf("%d files", len(files))
				}
				if err := x.Close(); err != nil {
					t.Fatal(err)
				}
				file, err := mem.Open(files[number])
				if err != nil {
					t.Fatal(err)
				}
				flip(t, file, at, 6)
				x = open(t, testConfig(mem))
				if what != "end time" && len(x.Files()) != number { // of the times the background knows more
					t.Fatalf("%d files are left", len(x.Files()))
				}
				next, err := x.Rollback(x.EndOffset())
				if err != nil {
					t.Fatal(err)
				}
				putAll(t, x, all[max(int(next)/100-1, 0):])
				if what == "end time" {
					return
				}
				if found := verify(t, x.NewVerifier(), all); found != nil {
					t.Error(found)
				}
				for _, r := range all {
					if r.uniqKey != "" && len(find(t, x, "T", r.uniqKey)) == 0 {
						t.Fatalf("%s is not found", r.uniqKey)
					}
				}
			})
		}
	}
}

// TestAQueryGoesOnBesideDamage and reports it.
func TestAQueryGoesOnBesideDamage(t *testing.T) {
	for name, damage := range map[string]func(x *Index, file vfs.File) error{
		"an item's hash": func(x *Index, file vfs.File) error {
			_, err := file.WriteAt([]byte{0, 0, 0, 1}, x.files[1].itemPos(18))
			return err
		},
		"an item's record": func(x *Index, file vfs.File) error {
			_, err := file.WriteAt([]byte{0x40}, x.files[1].itemPos(18)+4)
			return err
		},
		"the file is short": func(x *Index, file vfs.File) error { return file.Truncate(100) },
	} {
		t.Run(name, func(t *testing.T) {
			mem := vfs.NewMem()
			cfg := testConfig(mem)
			var reported []string
			cfg.OnDamage = func(found *DamageError) { reported = append(reported, found.File) }
			x := open(t, cfg)
			for n := 1; n <= 30; n++ {
				put(t, x, "T", "all", "all", n*100)
			}
			files := x.Files()
			if len(files) != 4 {
				t.Fatalf("%d files", len(files))
			}
			if _, err := x.Flush(); err != nil { // what is full is mapped no more
				t.Fatal(err)
			}
			file, err := mem.Open(files[1])
			if err == nil {
				err = damage(x, file)
			}
			if err != nil {
				t.Fatal(err)
			}
			got := find(t, x, "T", "all")
			if !slices.Contains(got, 100) || !slices.Contains(got, 3000) || slices.ContainsFunc(got, func(o commitlog.Offset) bool { return o > 3000 }) {
				t.Errorf("found %d", got)
			}
			if !slices.Equal(reported, []string{files[1]}) {
				t.Errorf("reported %s", strings.Join(reported, ", "))
			}
		})
	}
}

// TestQueriesBesidePutsMissNothing that was there before.
func TestQueriesBesidePutsMissNothing(t *testing.T) {
	cfg := testConfig(vfs.NewMem())
	cfg.MaxIndexNum = 5000
	cfg.OnDamage = func(found *DamageError) { t.Error(found) }
	x := open(t, cfg)
	put(t, x, "T", "first", "", 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 2; n < 4000; n++ {
			if err := x.Put([]byte("T"), []byte(fmt.Sprint("u", n)), nil, commitlog.Offset(n*100), storeTime(n*100)); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		if r, err := x.Query("T", "first", 100, 0, math.MaxInt64); err != nil || !slices.Equal(r.Offsets, []commitlog.Offset{100}) {
			t.Fatalf("found %d, %v", r.Offsets, err)
		}
	}
}

// TestVerifyingBesidePutsFindsNothing wrong.
func TestVerifyingBesidePutsFindsNothing(t *testing.T) {
	cfg := testConfig(vfs.NewMem())
	cfg.MaxIndexNum = 500
	x := open(t, cfg)
	all := records(3000)
	put := make(chan record, len(all))
	go func() {
		defer close(put)
		for _, r := range all {
			if err := x.Put([]byte(r.topic), []byte(r.uniqKey), []byte(r.keys), commitlog.Offset(r.offset), storeTime(r.offset)); err != nil {
				t.Error(err)
				return
			}
			put <- r
		}
	}()
	v := x.NewVerifier()
	var known []record
	for r := range put {
		known = append(known, r)
		if len(known)%1000 != 0 {
			continue
		}
		if found := verify(t, v, known); found != nil {
			t.Fatal(found)
		}
	}
	if found := verify(t, v, all); found != nil {
		t.Fatal(found)
	}
}

// TestQueriesUnderWayEndAlthoughTheirFileIsTakenBack.
func TestQueriesUnderWayEndAlthoughTheirFileIsTakenBack(t *testing.T) {
	mem := vfs.NewMem()
	cfg := testConfig(mem)
	x := open(t, cfg)
	all := records(120)
	putAll(t, x, all)
	views, _, _ := x.snapshot()
	if _, err := x.TakeBack(foundIn(x, 1)); err != nil {
		t.Fatal(err)
	}
	var result Result
	for i := range views {
		if err := x.search(&views[i], false, keyHash([]byte("T#all")), 1000, 0, math.MaxInt64, &result); err != nil {
			t.Error(err)
		}
	}
	if len(result.Offsets) == 0 {
		t.Error("nothing found")
	}
	x.release(views)
	if entries, err := mem.List(cfg.Dir); len(entries) != 1 || err != nil {
		t.Errorf("folder holds %v, %v", entries, err)
	}
}
