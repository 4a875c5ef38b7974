package commitlog

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"gantry/remoting/message"
	"gantry/storenode/vfs"
)

const sealedFileBytes = 128 << 10

func sealConfig(mem *vfs.Mem) Config {
	cfg := testConfig(mem, "/log")
	cfg.SumsDir, cfg.MappedFileSizeCommitLog = "/sums", sealedFileBytes
	return cfg
}

// fill sends until the log has that many files, and makes them durable; it returns where each record lies.
func fill(t *testing.T, l *Log, files int) (places []Offset) {
	t.Helper()
	for len(l.Starts()) < files {
		places = append(places, send(t, l, "A", fmt.Sprint(len(places), strings.Repeat("x", 700)), false).Offset)
	}
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	return places
}

func unpaced(int) error { return nil }

func sound(t *testing.T) func(*CorruptError) {
	return func(err *CorruptError) { t.Error(err) }
}

// seal seals what can be, and returns how many files that was.
func seal(t *testing.T, l *Log) int {
	t.Helper()
	starts := l.Unsealed()
	for _, start := range starts {
		if err := l.Seal(start, unpaced, sound(t)); err != nil {
			t.Fatal(err)
		}
	}
	return len(starts)
}

// flip changes one bit of a file.
func flip(t *testing.T, mem *vfs.Mem, path string, at int64, bit int) {
	t.Helper()
	f, err := mem.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1 << bit
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, mem *vfs.Mem, dir string) []string {
	t.Helper()
	entries, err := mem.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name)
	}
	return all
}

// withSealed runs the test on a log of three files, the first two of them sealed.
func withSealed(t *testing.T, test func(t *testing.T, mem *vfs.Mem, l *Log, places []Offset)) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		l, _ := open(t, sealConfig(mem))
		places := fill(t, l, 3)
		if n := seal(t, l); n != 2 {
			t.Fatalf("%d files sealed", n)
		}
		test(t, mem, l, places)
		shut(t, l)
	})
}

func TestClosedFilesAreSealedAndReadBack(t *testing.T) {
	withSealed(t, func(t *testing.T, mem *vfs.Mem, l *Log, places []Offset) {
		if got := names(t, mem, "/sums"); !slices.Equal(got, []string{fileName(0), fileName(sealedFileBytes)}) {
			t.Errorf("sums %q", got)
		}
		if left := l.Unsealed(); len(left) != 0 {
			t.Errorf("not sealed: %v", left)
		}
		if got := bodies(t, l); len(got) != len(places) {
			t.Errorf("%d records of %d", len(got), len(places))
		}
		random := rand.New(rand.NewPCG(1, 2))
		for range 200 { // any piece, aligned or not, has its blocks compared
			p := make([]byte, 1+random.IntN(20000))
			at := Offset(random.Int64N(2 * sealedFileBytes))
			n, bad, err := l.ReadChecked(p, at)
			if err != nil || len(bad) > 0 || n < min(len(p), int(sealedFileBytes-at%sealedFileBytes)) {
				t.Fatalf("%d of %d bytes at %d: bad %v, %v", n, len(p), at, bad, err)
			}
		}
	})
}

func TestAFlippedBitIsNeverRead(t *testing.T) {
	withSealed(t, func(t *testing.T, mem *vfs.Mem, l *Log, places []Offset) {
		random := rand.New(rand.NewPCG(3, 4))
		for range 300 {
			at, bit := random.Int64N(sealedFileBytes), random.IntN(8)
			flip(t, mem, "/log/"+fileName(0), at, bit)
			block := Offset(at / BlockBytes * BlockBytes)
			around := max(0, at-int64(random.IntN(3000)))
			n, bad, err := l.ReadChecked(make([]byte, 6000), Offset(around))
			if err != nil || n == 0 || !slices.Equal(bad, []Offset{block}) {
				t.Fatalf("bit %d of byte %d: read from %d finds %v, %v", bit, at, around, bad, err)
			}
			for i, place := range places {
				if place >= sealedFileBytes {
					break
				}
				_, err := l.Record(place, nil)
				touched := place < block+BlockBytes && places[i+1] > block
				var corrupt *CorruptError
				named := errors.As(err, &corrupt) && errors.Is(err, ErrBlockSum) && corrupt.Offset == block && corrupt.File == "/log/"+fileName(0)
				if touched != named || !touched && err != nil {
					t.Fatalf("bit %d of byte %d, record at %d: %v", bit, at, place, err)
				}
			}
			flip(t, mem, "/log/"+fileName(0), at, bit)
		}
	})
}

func TestAScannerPassesOverDamagedBlocks(t *testing.T) {
	withSealed(t, func(t *testing.T, mem *vfs.Mem, l *Log, places []Offset) {
		flip(t, mem, "/log/"+fileName(0), 5*BlockBytes+100, 3)
		var passed []Offset
		s := l.Scan(0)
		read := 0
		for s.Offset() < l.End() {
			_, err := s.Next()
			var corrupt *CorruptError
			switch {
			case errors.As(err, &corrupt):
				passed = append(passed, corrupt.Offset)
				err = s.Resync()
			case err == nil:
				read++
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		lost := 0
		for i := range places[:len(places)-1] {
			if places[i] < 6*BlockBytes && places[i+1] > 5*BlockBytes {
				lost++
			}
		}
		if !slices.Equal(passed, []Offset{5 * BlockBytes}) || read != len(places)-lost {
			t.Errorf("passed over %v, %d records of %d, %d lie in the block", passed, read, len(places), lost)
		}
	})
}

// TestADamagedTableIsToldFromADamagedFile: what a bit flipped in the sums costs is the sums.
func TestADamagedTableIsToldFromADamagedFile(t *testing.T) {
	withSealed(t, func(t *testing.T, mem *vfs.Mem, l *Log, places []Offset) {
		flip(t, mem, "/sums/"+fileName(0), SumsHeaderBytes+4*7+2, 0)
		if n, bad, err := l.ReadChecked(make([]byte, 100), 7*BlockBytes); n != 100 || len(bad) > 0 || err != nil {
			t.Errorf("read %d bytes, bad %v, %v", n, bad, err)
		}
		if got := names(t, mem, "/sums"); len(got) != 1 {
			t.Errorf("sums %q", got)
		}
		if left := l.Unsealed(); !slices.Equal(left, []Offset{0}) || seal(t, l) != 1 {
			t.Errorf("to be sealed again: %v", left)
		}
		flip(t, mem, "/log/"+fileName(0), 7*BlockBytes, 0)
		if _, bad, err := l.ReadChecked(make([]byte, 100), 7*BlockBytes); len(bad) != 1 || err != nil {
			t.Errorf("bad %v, %v", bad, err)
		}
	})
}

func TestSumsThatDoNotFitAreMadeAgain(t *testing.T) {
	for what, change := range map[string]func(t *testing.T, mem *vfs.Mem, path string){
		"flipped in the head": func(t *testing.T, mem *vfs.Mem, path string) { flip(t, mem, path, 20, 1) },
		"cut": func(t *testing.T, mem *vfs.Mem, path string) {
			f, err := mem.Open(path)
			if err = errors.Join(err, f.Truncate(100)); err != nil {
				t.Fatal(err)
			}
		},
		"empty": func(t *testing.T, mem *vfs.Mem, path string) {
			f, err := mem.Open(path)
			if err = errors.Join(err, f.Truncate(0)); err != nil {
				t.Fatal(err)
			}
		},
		"of another file": func(t *testing.T, mem *vfs.Mem, path string) {
			if err := mem.Rename("/sums/"+fileName(sealedFileBytes), path); err != nil {
				t.Fatal(err)
			}
		},
		"unfinished": func(t *testing.T, mem *vfs.Mem, path string) {
			if err := mem.Rename(path, path+".tmp"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			withSealed(t, func(t *testing.T, mem *vfs.Mem, l *Log, places []Offset) {
				change(t, mem, "/sums/"+fileName(0))
				again, _ := open(t, sealConfig(mem))
				if got := len(bodies(t, again)); got != len(places) {
					t.Errorf("%d records of %d", got, len(places))
				}
				if left := again.Unsealed(); !slices.Contains(left, 0) || seal(t, again) != len(left) || len(names(t, mem, "/sums")) != 2 {
					t.Errorf("%v to be sealed, then there are %q", left, names(t, mem, "/sums"))
				}
				shut(t, again)
			})
		})
	}
}

// TestSumsOfAFileWrittenSinceAreThrownAway: the Java broker has cut the log inside a file and gone on.
func TestSumsOfAFileWrittenSinceAreThrownAway(t *testing.T) {
	for _, from := range []int64{0, sealedFileBytes / 3} {
		withSealed(t, func(t *testing.T, mem *vfs.Mem, l *Log, places []Offset) {
			cut, _ := slices.BinarySearch(places, Offset(from))
			f, err := mem.Open("/log/" + fileName(0))
			if err != nil {
				t.Fatal(err)
			}
			count := 0
			for at := places[cut]; places[cut+count+1] < sealedFileBytes; count++ {
				raw := message.Record(record(t, "B", strings.Repeat("y", int(places[cut+count+1]-at)-92)))
				raw.SetPhysicalOffset(int64(at))
				if _, err := f.WriteAt(raw, int64(at)); err != nil {
					t.Fatal(err)
				}
				at += Offset(len(raw))
			}
			for i := range count {
				r, err := l.Record(places[cut+i], nil)
				if err != nil || string(r.Topic()) != "B" || r.CheckBody() != nil {
					t.Fatalf("record %d of %d: %v", i, count, err)
				}
			}
			if left := l.Unsealed(); !slices.Equal(left, []Offset{0}) || seal(t, l) != 1 {
				t.Errorf("to be sealed again: %v", left)
			}
		})
	}
}

// TestDamageIsNotTakenForAnotherFile: a stretch of garbage or zeros leaves no whole records.
func TestDamageIsNotTakenForAnotherFile(t *testing.T) {
	for what, with := range map[string]byte{"zeros": 0, "garbage": 0xA5} {
		withSealed(t, func(t *testing.T, mem *vfs.Mem, l *Log, places []Offset) {
			f, err := mem.Open("/log/" + fileName(0))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteAt([]byte(strings.Repeat(string([]byte{with}), 24*BlockBytes)), 3*BlockBytes+10); err != nil {
				t.Fatal(err)
			}
			_, bad, err := l.ReadChecked(make([]byte, 64<<10), 0)
			if err != nil || len(bad) != 13 || bad[0] != 3*BlockBytes {
				t.Errorf("%s: bad %v, %v", what, bad, err)
			}
		})
	}
}

func TestSumsGoWithTheirFile(t *testing.T) {
	withSealed(t, func(t *testing.T, mem *vfs.Mem, l *Log, _ []Offset) {
		if err := l.DropOldest(sealedFileBytes); err != nil {
			t.Fatal(err)
		}
		if left, err := l.RemoveDropped(0); left != 0 || err != nil {
			t.Errorf("%d left, %v", left, err)
		}
		if got := names(t, mem, "/sums"); !slices.Equal(got, []string{fileName(sealedFileBytes)}) {
			t.Errorf("sums %q", got)
		}
		if err := l.Seal(0, unpaced, sound(t)); !errors.Is(err, ErrOutOfRange) {
			t.Errorf("seal what is gone: %v", err)
		}
	})
}

func TestAFileThatExpiresMeanwhileIsNotSealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		l, _ := open(t, sealConfig(mem))
		fill(t, l, 2)
		err := l.Seal(0, func(int) error {
			if err := l.DropOldest(sealedFileBytes); err != nil && !errors.Is(err, ErrLastFile) {
				return err
			}
			left, err := l.RemoveDropped(0)
			if left > 0 {
				t.Error("the file cannot go while it is sealed")
			}
			return err
		}, sound(t))
		if !errors.Is(err, ErrOutOfRange) || len(l.Unsealed()) != 0 {
			t.Errorf("sealed: %v", err)
		}
		if entries, err := mem.List("/sums"); err == nil && len(entries) > 0 {
			t.Errorf("sums %v", entries)
		}
		shut(t, l)
	})
}

func TestTheSumsOfALogThatIsGoneAreRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		l, _ := open(t, sealConfig(mem))
		fill(t, l, 3)
		seal(t, l)
		shut(t, l)
		for _, name := range names(t, mem, "/log") {
			if err := mem.Remove("/log/" + name); err != nil {
				t.Fatal(err)
			}
		}
		l, _ = open(t, sealConfig(mem))
		if got := names(t, mem, "/sums"); len(got) != 0 {
			t.Errorf("sums %q", got)
		}
		places := fill(t, l, 2)
		if got := bodies(t, l); len(got) != len(places) || seal(t, l) != 1 {
			t.Errorf("%d records of %d", len(got), len(places))
		}
		shut(t, l)
	})
}

// TestALogThatEndsInsideASealedFileUnsealsIt: the file will be written again.
func TestALogThatEndsInsideASealedFileUnsealsIt(t *testing.T) {
	withSealed(t, func(t *testing.T, mem *vfs.Mem, l *Log, places []Offset) {
		for _, name := range []string{fileName(sealedFileBytes), fileName(2 * sealedFileBytes)} {
			if err := mem.Remove("/log/" + name); err != nil {
				t.Fatal(err)
			}
		}
		f, err := mem.Open("/log/" + fileName(0))
		if err == nil {
			_, err = f.WriteAt(make([]byte, sealedFileBytes-int(places[50])), int64(places[50]))
		}
		if err != nil {
			t.Fatal(err)
		}
		again, left := open(t, sealConfig(mem))
		if len(left) != 50 || len(names(t, mem, "/sums")) != 0 {
			t.Errorf("%d records, sums %q", len(left), names(t, mem, "/sums"))
		}
		send(t, again, "A", "goes on", false)
		if got := bodies(t, again); len(got) != 51 {
			t.Errorf("%d records", len(got))
		}
		shut(t, again)
	})
}

// TestDamageInASealedFileIsNeverTheEnd: however young it is, the file was on the disk.
func TestDamageInASealedFileIsNeverTheEnd(t *testing.T) {
	withSealed(t, func(t *testing.T, mem *vfs.Mem, l *Log, places []Offset) {
		flip(t, mem, "/log/"+fileName(0), int64(places[50])+100, 0)
		again, left := open(t, sealConfig(mem)) // with SafeTime 0: nothing is old enough
		if len(left) != len(places)-1 || again.End() != l.End() {
			t.Errorf("%d records of %d, the log ends at %d of %d", len(left), len(places), again.End(), l.End())
		}
		shut(t, again)
	})
}

func TestSealingNamesDamagedBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		l, _ := open(t, sealConfig(mem))
		places := fill(t, l, 2)
		flip(t, mem, "/log/"+fileName(0), int64(places[20])+120, 0)
		var found []*CorruptError
		if err := l.Seal(0, unpaced, func(err *CorruptError) { found = append(found, err) }); err != nil {
			t.Fatal(err)
		}
		if len(found) != 1 || found[0].Offset != places[20] || found[0].File != "/log/"+fileName(0) || !errors.Is(found[0], message.ErrBodyCRC) {
			t.Errorf("found %v", found)
		}
		if left := l.Unsealed(); len(left) != 0 {
			t.Errorf("not sealed: %v", left)
		}
		shut(t, l)
	})
}

func TestAFailedSealLeavesTheFileUnsealed(t *testing.T) {
	for _, kind := range []string{"create", "write", "sync", "rename", "syncdir", "mkdir"} {
		synctest.Test(t, func(t *testing.T) {
			mem := vfs.NewMem()
			l, _ := open(t, sealConfig(mem))
			fill(t, l, 2)
			mem.SetHook(func(op vfs.Op) error {
				if op.Kind == kind && (strings.HasPrefix(op.Path, "/sums") || kind == "sync") {
					return syscall.ENOSPC
				}
				return nil
			})
			if err := l.Seal(0, unpaced, sound(t)); !errors.Is(err, syscall.ENOSPC) || !slices.Equal(l.Unsealed(), []Offset{0}) {
				t.Errorf("%s: %v, unsealed %v", kind, err, l.Unsealed())
			}
			mem.SetHook(nil)
			if seal(t, l) != 1 || len(names(t, mem, "/sums")) != 1 {
				t.Errorf("%s: sums %q", kind, names(t, mem, "/sums"))
			}
			shut(t, l)
		})
	}
}

// TestSumsThatCannotBeReadStopNoReader: they are the disk's loss, not the message's.
func TestSumsThatCannotBeReadStopNoReader(t *testing.T) {
	withSealed(t, func(t *testing.T, mem *vfs.Mem, l *Log, places []Offset) {
		mem.SetHook(func(op vfs.Op) error {
			if op.Kind == "read" && strings.HasPrefix(op.Path, "/sums") {
				return syscall.EIO
			}
			return nil
		})
		if got := bodies(t, l); len(got) != len(places) {
			t.Errorf("%d records of %d", len(got), len(places))
		}
		mem.SetHook(nil)
	})
}

func TestWithoutAFolderThereAreNoSums(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := sealConfig(mem)
		cfg.SumsDir = ""
		l, _ := open(t, cfg)
		places := fill(t, l, 2)
		if got := bodies(t, l); len(got) != len(places) || len(l.Unsealed()) != 0 {
			t.Errorf("%d records of %d, to be sealed %v", len(got), len(places), l.Unsealed())
		}
		if _, err := mem.Stat("/" + fileName(0)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("sums: %v", err)
		}
		shut(t, l)
	})
}

// TestSealedFilesSurviveAnyCrash: whatever is left of file and sums, no sound record is refused.
func TestSealedFilesSurviveAnyCrash(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			mem, random := vfs.NewMem(), rand.New(rand.NewPCG(seed, 5))
			l, _ := open(t, sealConfig(mem))
			fill(t, l, 2)
			steps := random.IntN(8)
			mem.SetHook(func(op vfs.Op) error {
				if strings.HasPrefix(op.Path, "/sums") {
					if steps--; steps < 0 {
						return vfs.ErrHalted
					}
				}
				return nil
			})
			_ = l.Seal(0, unpaced, sound(t))
			end := l.End()
			mem.SetHook(nil)
			mem.Halt()
			_ = errors.Join(l.Stop(), l.Close())
			after := mem.AfterPowerLoss(random)
			again, _ := open(t, sealConfig(after))
			if again.End() != end {
				t.Fatalf("seed %d: the log ends at %d of %d", seed, again.End(), end)
			}
			bodies(t, again)
			seal(t, again)
			shut(t, again)
		})
	}
}
