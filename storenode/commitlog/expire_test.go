package commitlog

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/vfs"
)

func TestADroppedFileGoesWithItsLastReaderOrAfterALongWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		l, _ := open(t, testConfig(mem, "/log"))
		for len(l.Starts()) < 3 {
			send(t, l, "A", strings.Repeat("x", 100), true)
		}
		first := l.acquire(0) // a reader
		for range 2 {
			end, _, ok, err := l.Oldest()
			if err != nil || !ok || l.Sync() != nil {
				t.Fatalf("oldest file: %v, %v", ok, err)
			}
			if err := l.DropOldest(end); err != nil || l.Min() != end {
				t.Fatalf("dropped up to %d, log begins at %d: %v", end, l.Min(), err)
			}
		}
		if _, _, ok, _ := l.Oldest(); ok {
			t.Error("the last file may go")
		}
		if err := l.DropOldest(l.Min() + Offset(l.FileBytes())); !errors.Is(err, ErrLastFile) && !errors.Is(err, ErrNotFlushed) {
			t.Errorf("the last file dropped: %v", err)
		}
		if _, err := l.ReadAt(make([]byte, 8), 0); !errors.Is(err, ErrOutOfRange) {
			t.Errorf("read of a dropped file: %v", err)
		}
		if left, err := l.RemoveDropped(time.Minute); left != 2 || err != nil {
			t.Errorf("%d left while the oldest is read: %v", left, err)
		}
		if n, err := first.file.ReadAt(make([]byte, 8), 0); n != 8 || err != nil {
			t.Errorf("the reader reads %d bytes: %v", n, err)
		}
		time.Sleep(2 * time.Minute)
		if left, err := l.RemoveDropped(time.Minute); left != 0 || err != nil {
			t.Errorf("%d left after the wait: %v", left, err)
		}
		if n, err := first.file.ReadAt(make([]byte, 8), 0); n != 8 || err != nil {
			t.Errorf("the reader reads %d bytes of a removed file: %v", n, err)
		}
		if err := first.release(); err != nil {
			t.Error(err)
		}
		if _, err := mem.Stat("/log/" + fileName(0)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file is there: %v", err)
		}
		shut(t, l)
	})
}

func TestWhatIsNotOnTheDiskIsNotDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := testConfig(mem, "/log")
		cfg.FlushIntervalCommitLog = time.Hour
		l, _ := open(t, cfg)
		for len(l.Starts()) < 2 {
			send(t, l, "A", strings.Repeat("x", 100), false)
		}
		end, _, _, _ := l.Oldest()
		if err := l.DropOldest(end); !errors.Is(err, ErrNotFlushed) || l.Min() != 0 {
			t.Errorf("dropped, log begins at %d: %v", l.Min(), err)
		}
		shut(t, l)
	})
}
