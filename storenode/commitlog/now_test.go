package commitlog

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"gantry/storenode/vfs"
)

func TestReadNowReadsWhatReadCheckedDoes(t *testing.T) {
	withSealed(t, func(t *testing.T, _ *vfs.Mem, l *Log, _ []Offset) {
		random := rand.New(rand.NewPCG(5, 6))
		for range 200 {
			p := make([]byte, 1+random.IntN(20000))
			q := make([]byte, len(p))
			at := Offset(random.Int64N(int64(l.End())))
			want, _, err := l.ReadChecked(p, at)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := l.ReadNow(q, at); n != want || err != nil || string(p) != string(q) {
				t.Fatalf("%d bytes at %d: %d instead of %d, %v", len(p), at, n, want, err)
			}
		}
	})
}

// Everything that is to be told or waited for is ReadChecked's.
func TestReadNowSaysNoMoreThanThatItWouldWait(t *testing.T) {
	withSealed(t, func(t *testing.T, mem *vfs.Mem, l *Log, _ []Offset) {
		refused := func(what string, at Offset) {
			t.Helper()
			if n, err := l.ReadNow(make([]byte, 100), at); n != 0 || !errors.Is(err, vfs.ErrWouldWait) {
				t.Errorf("%s: %d, %v", what, n, err)
			}
		}
		refused("before the log", -1)
		refused("behind the log", l.End())
		flip(t, mem, "/log/"+fileName(0), 5000, 3)
		refused("a flipped bit", 4200)
		refused("a flipped bit in what is read of the block besides", 8000)
		if _, err := l.ReadNow(make([]byte, 100), 9000); err != nil {
			t.Error("the next block:", err)
		}
		mem.SetDelay(func(op vfs.Op) time.Duration {
			if op.Kind == "read" && strings.HasPrefix(op.Path, "/log/") {
				return time.Hour
			}
			return 0
		})
		refused("a slow disk", 9000)
		mem.SetDelay(nil)
	})
}

// What Whole says is read without reading more to compare it.
func TestWholeBlocksAreReadOnce(t *testing.T) {
	withSealed(t, func(t *testing.T, mem *vfs.Mem, l *Log, _ []Offset) {
		for _, c := range []struct{ from, to, wantFrom, wantTo Offset }{
			{5000, 9000, 4096, 12288},
			{4096, 8192, 4096, 8192},
			{0, sealedFileBytes, 0, sealedFileBytes},
			{sealedFileBytes - 10, sealedFileBytes + 10, sealedFileBytes - BlockBytes, sealedFileBytes + BlockBytes},
			{2*sealedFileBytes + 5, 2*sealedFileBytes + 9, 2*sealedFileBytes + 5, 2*sealedFileBytes + 9}, // not closed
		} {
			if from, to := l.Whole(c.from, c.to); from != c.wantFrom || to != c.wantTo {
				t.Errorf("%+v: %d to %d", c, from, to)
			}
		}
		reads := 0
		mem.SetHook(func(op vfs.Op) error {
			if op.Kind == "read" && strings.HasPrefix(op.Path, "/log/") {
				reads++
			}
			return nil
		})
		from, to := l.Whole(5000, 9000)
		if _, _, err := l.ReadChecked(make([]byte, to-from), from); err != nil || reads != 1 {
			t.Errorf("%d reads, %v", reads, err)
		}
		mem.SetHook(nil)
	})
}
