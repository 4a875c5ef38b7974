package consumequeue

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"

	"gantry/storenode/vfs"
)

// units are the bytes of messages from to to.
func units(from, to int) []byte {
	var b []byte
	for n := from; n < to; n++ {
		b = AppendUnit(b, unit(n))
	}
	return b
}

// contents reads all files of queue T 0, by name.
func contents(t *testing.T, mem *vfs.Mem) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := mem.List("/store/consumequeue/T/0")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		f, err := mem.Open("/store/consumequeue/T/0/" + e.Name)
		if err != nil {
			t.Fatal(err)
		}
		size, err := f.Size()
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, size)
		if _, err := f.ReadAt(b, 0); err != nil {
			t.Fatal(err)
		}
		all[e.Name] = string(b)
	}
	return all
}

func TestRewriteChangesUnitsInFilesAndMemory(t *testing.T) {
	mem := vfs.NewMem()
	qs := load(t, testConfig(mem), everything)
	q := qs.FindOrAdd([]byte("T"), 0)
	put(t, q, 0, 25)
	write(t, qs)
	put(t, q, 25, 29)
	want := contents(t, mem)
	held := make([]byte, 4*UnitBytes)
	if n, err := q.Read(25, held); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	garbage := bytes.Repeat([]byte{0x11}, 29*UnitBytes)
	if err := q.Rewrite(q.Generation(), 0, garbage); err != nil {
		t.Fatal(err)
	}
	for n := range 29 {
		if u, ok, err := q.Unit(Offset(n)); u != DecodeUnit(garbage) || !ok || err != nil {
			t.Fatalf("unit %d: %+v, %v, %v", n, u, ok, err)
		}
	}
	if low, high := q.Range(); low != 0 || high != 29 || q.Written() != 25 {
		t.Errorf("range %d to %d, %d written", low, high, q.Written())
	}
	if err := q.Rewrite(q.Generation(), 0, units(0, 35)); err != nil { // what the queue does not have is left out
		t.Fatal(err)
	}
	check(t, q, 0, 29)
	if !bytes.Equal(held, units(25, 29)) {
		t.Error("what was read before has changed")
	}
	if got := contents(t, mem); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error("files differ from those before")
	}
	put(t, q, 29, 40)
	write(t, qs)
	check(t, load(t, testConfig(mem), everything).Find("T", 0), 0, 40)
}

// TestRewritingTheLastUnitCorrectsWhereTheQueueEnds: a queue that was loaded with a damaged last unit takes no message
// for known that is new.
func TestRewritingTheLastUnitCorrectsWhereTheQueueEnds(t *testing.T) {
	mem := vfs.NewMem()
	qs := load(t, testConfig(mem), everything)
	q := qs.FindOrAdd([]byte("T"), 0)
	put(t, q, 0, 7)
	write(t, qs)
	far := unit(6)
	far.Physical |= 1 << 40
	if err := q.Rewrite(q.Generation(), 6, AppendUnit(nil, far)); err != nil {
		t.Fatal(err)
	}
	if placed, err := q.Put(7, unit(7)); placed != Duplicate || err != nil {
		t.Fatalf("put behind the damaged unit: %v, %v", placed, err)
	}
	if err := q.Rewrite(q.Generation(), 6, units(6, 7)); err != nil {
		t.Fatal(err)
	}
	put(t, q, 7, 12)
	check(t, q, 0, 12)
}

func TestAQueueThatWasEmptiedIsNotRewritten(t *testing.T) {
	mem := vfs.NewMem()
	qs := load(t, testConfig(mem), everything)
	q := qs.FindOrAdd([]byte("T"), 0)
	put(t, q, 0, 25)
	write(t, qs)
	before := q.Generation()
	if err := q.Reset(); err != nil {
		t.Fatal(err)
	}
	put(t, q, 0, 5)
	if err := q.Rewrite(before, 0, make([]byte, 5*UnitBytes)); !errors.Is(err, ErrReset) {
		t.Errorf("rewrite: %v", err)
	}
	check(t, q, 0, 5)
}

func TestMissingAndShortFilesAreMadeAgain(t *testing.T) {
	for name, damage := range map[string]func(mem *vfs.Mem) error{
		"missing": func(mem *vfs.Mem) error { return mem.Remove("/store/consumequeue/T/0/00000000000000000200") },
		"short": func(mem *vfs.Mem) error {
			f, err := mem.Open("/store/consumequeue/T/0/00000000000000000200")
			return errors.Join(err, f.Truncate(50))
		},
	} {
		t.Run(name, func(t *testing.T) {
			mem := vfs.NewMem()
			cfg := testConfig(mem)
			cfg.MaxOpenFiles = 0
			qs := load(t, cfg, everything)
			q := qs.FindOrAdd([]byte("T"), 0)
			put(t, q, 0, 37)
			write(t, qs)
			want := contents(t, mem)
			if err := damage(mem); err != nil {
				t.Fatal(err)
			}
			var found *DamageError
			if _, _, err := q.Unit(15); !errors.As(err, &found) || found.From != 10 || found.To != 20 ||
				found.File != "/store/consumequeue/T/0/00000000000000000200" || found.Queue != q {
				t.Fatalf("unit of the file: %v", err)
			}
			for _, n := range []int{0, 9, 20, 36} { // the other files can be read
				if u, ok, err := q.Unit(Offset(n)); u != unit(n) || !ok || err != nil {
					t.Errorf("unit %d: %+v, %v, %v", n, u, ok, err)
				}
			}
			broken, err := q.Broken(0, 37)
			if !slices.Equal(broken, []int64{200}) || err != nil {
				t.Fatalf("broken files %d, %v", broken, err)
			}
			if err := q.Remake(200); err != nil {
				t.Fatal(err)
			}
			if damaged, err := New(testConfig(mem.AfterKill())).Load(everything); damaged != 1 || err != nil {
				t.Errorf("a start between Remake and Seal finds %d damaged queues, %v", damaged, err)
			}
			if err := q.Rewrite(q.Generation(), 10, units(10, 20)); err != nil {
				t.Fatal(err)
			}
			if err := qs.Seal([]Remade{{q, 200}}); err != nil {
				t.Fatal(err)
			}
			check(t, q, 0, 37)
			if got := contents(t, mem); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Error("files differ from those before")
			}
			check(t, load(t, testConfig(mem), everything).Find("T", 0), 0, 37)
		})
	}
}

// TestWritingGoesOnInAFileThatIsGone: what is lost is reported, what is new is kept.
func TestWritingGoesOnInAFileThatIsGone(t *testing.T) {
	mem := vfs.NewMem()
	cfg := testConfig(mem)
	cfg.MaxOpenFiles = 0
	var found *DamageError
	cfg.OnDamage = func(err error) { errors.As(err, &found) }
	qs := load(t, cfg, everything)
	q := qs.FindOrAdd([]byte("T"), 0)
	put(t, q, 0, 14)
	write(t, qs)
	if _, _, err := q.Unit(0); err != nil { // the second file is open no more
		t.Fatal(err)
	}
	for _, name := range []string{"00000000000000000200", "00000000000000000000"} {
		if err := mem.Remove("/store/consumequeue/T/0/" + name); err != nil {
			t.Fatal(err)
		}
	}
	if err := mem.Remove("/store/consumequeue/T/0"); err != nil {
		t.Fatal(err)
	}
	put(t, q, 14, 17)
	write(t, qs)
	if found == nil || found.Queue != q || found.From != 10 || found.To != 20 {
		t.Fatalf("reported: %v", found)
	}
	for n := 14; n < 17; n++ {
		if u, ok, err := q.Unit(Offset(n)); u != unit(n) || !ok || err != nil {
			t.Errorf("unit %d: %+v, %v, %v", n, u, ok, err)
		}
	}
	if broken, err := q.Broken(0, 17); !slices.Equal(broken, []int64{0, 200}) || err != nil {
		t.Errorf("broken files %d, %v", broken, err)
	}
}

// TestAFileMadeAgainHasBlanksBelowTheMinimum, as one has that was made late.
func TestAFileMadeAgainHasBlanksBelowTheMinimum(t *testing.T) {
	mem := vfs.NewMem()
	qs := load(t, testConfig(mem), everything)
	q := qs.FindOrAdd([]byte("T"), 0)
	put(t, q, 23, 28)
	write(t, qs)
	want := contents(t, mem)
	if err := mem.Remove("/store/consumequeue/T/0/00000000000000000400"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(q.Remake(400), q.Rewrite(q.Generation(), 23, units(23, 28)), qs.Seal([]Remade{{q, 400}})); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, mem); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error("file differs from the one before")
	}
}

func TestAFailedSyncSealsNothing(t *testing.T) {
	mem := vfs.NewMem()
	qs := load(t, testConfig(mem), everything)
	q := qs.FindOrAdd([]byte("T"), 0)
	put(t, q, 0, 5)
	write(t, qs)
	if err := mem.Remove("/store/consumequeue/T/0/00000000000000000000"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(q.Remake(0), q.Rewrite(q.Generation(), 0, units(0, 5))); err != nil {
		t.Fatal(err)
	}
	mem.SetHook(func(op vfs.Op) error {
		if op.Kind == "sync" {
			return syscall.EIO
		}
		return nil
	})
	if err := qs.Seal([]Remade{{q, 0}}); !errors.Is(err, syscall.EIO) {
		t.Errorf("seal: %v", err)
	}
	mem.SetHook(nil)
	if err := qs.Sync(); !errors.Is(err, syscall.EIO) {
		t.Errorf("sync after the failed one: %v", err)
	}
	if broken, err := q.Broken(0, 5); len(broken) != 1 || err != nil {
		t.Errorf("broken files %d, %v", broken, err)
	}
}

// TestRewritingBesideWritingAndReading: whatever is rewritten, every read gives the message or what took its place, and
// nothing is lost.
func TestRewritingBesideWritingAndReading(t *testing.T) {
	qs := load(t, testConfig(vfs.NewMem()), everything)
	q := qs.FindOrAdd([]byte("T"), 0)
	put(t, q, 0, 1)
	var others sync.WaitGroup
	stop := make(chan struct{})
	others.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			from := n * 7 % int(q.Max())
			if err := q.Rewrite(q.Generation(), Offset(from), units(from, from+25)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	others.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			at := q.Max() - 1
			if u, ok, err := q.Unit(at); u != unit(int(at)) || !ok || err != nil {
				t.Errorf("unit %d: %+v, %v, %v", at, u, ok, err)
				return
			}
		}
	})
	for n := 1; n < 2000; n++ {
		put(t, q, n, n+1)
		if n%37 == 0 {
			write(t, qs)
		}
	}
	close(stop)
	others.Wait()
	check(t, q, 0, 2000)
}
