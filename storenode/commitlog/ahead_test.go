package commitlog

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/vfs"
)

// nearlyFull fills the first file of 4096 bytes for more than three quarters and waits for the next look.
func nearlyFull(t *testing.T, l *Log) {
	t.Helper()
	send(t, l, "A", strings.Repeat("x", 3200), false)
	time.Sleep(time.Second)
	synctest.Wait()
}

func TestTheNextFileIsMadeBeforeItIsNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		l, _ := open(t, testConfig(mem, "/log"))
		send(t, l, "A", strings.Repeat("x", 2000), false)
		time.Sleep(time.Second)
		if got := names(t, mem, "/log"); len(got) != 1 {
			t.Errorf("files %q while the first is half full", got)
		}
		send(t, l, "A", strings.Repeat("x", 1000), false)
		time.Sleep(time.Second)
		if got := names(t, mem, "/log"); len(got) != 2 || len(l.Starts()) != 1 {
			t.Errorf("files %q, %d of them used", got, len(l.Starts()))
		}
		var made atomic.Int64
		mem.SetHook(func(op vfs.Op) error {
			if op.Kind == "create" || op.Kind == "syncdir" {
				made.Add(1)
			}
			return nil
		})
		if r := send(t, l, "A", strings.Repeat("y", 1000), false); r.Offset != 4096 || made.Load() != 0 {
			t.Errorf("a record at %d, files made meanwhile: %d", r.Offset, made.Load())
		}
		mem.SetHook(nil)
		if got := bodies(t, l); len(got) != 3 {
			t.Errorf("%d records", len(got))
		}
		shut(t, l)
	})
}

func TestAFileThatWasNotNeededGoesAtTheStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		l, _ := open(t, testConfig(mem, "/log"))
		nearlyFull(t, l)
		shut(t, l)
		if got := names(t, mem, "/log"); !slices.Equal(got, []string{fileName(0)}) {
			t.Errorf("files %q", got)
		}
	})
}

// TestAfterACrashTheEmptyFileIsNoPartOfTheLog: as the Java broker leaves one.
func TestAfterACrashTheEmptyFileIsNoPartOfTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		l, _ := open(t, testConfig(mem, "/log"))
		nearlyFull(t, l)
		if got := names(t, mem, "/log"); len(got) != 2 {
			t.Fatalf("files %q", got)
		}
		end := l.End()
		mem.Halt()
		_ = errors.Join(l.Stop(), l.Close())
		after := mem.AfterKill()
		l, left := open(t, testConfig(after, "/log"))
		if len(left) != 1 || l.End() != end || len(names(t, after, "/log")) != 1 {
			t.Errorf("%d records, the log ends at %d of %d, files %q", len(left), l.End(), end, names(t, after, "/log"))
		}
		send(t, l, "A", strings.Repeat("y", 1000), false)
		if got := bodies(t, l); len(got) != 2 {
			t.Errorf("%d records", len(got))
		}
		shut(t, l)
	})
}

func TestAFileThatCannotBeMadeAheadRefusesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		l, _ := open(t, testConfig(mem, "/log"))
		send(t, l, "A", "makes the first file", false)
		full := failing(mem, "create", syscall.ENOSPC)
		full.Store(true)
		nearlyFull(t, l)
		if l.Failure() != nil {
			t.Errorf("failure %v", l.Failure())
		}
		send(t, l, "A", strings.Repeat("x", 300), false) // it fits
		full.Store(false)
		if r := send(t, l, "A", strings.Repeat("y", 1000), false); r.Offset != 4096 {
			t.Errorf("a record at %d", r.Offset)
		}
		shut(t, l)
	})
}
