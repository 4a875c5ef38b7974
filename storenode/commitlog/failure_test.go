package commitlog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/vfs"
)

// failing makes every operation of a kind fail while on is set.
func failing(mem *vfs.Mem, kind string, err error) *atomic.Bool {
	on := &atomic.Bool{}
	mem.SetHook(func(op vfs.Op) error {
		if on.Load() && op.Kind == kind {
			return err
		}
		return nil
	})
	return on
}

func TestAFullDiskRefusesAndHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		l, _ := open(t, testConfig(mem, "/log"))
		send(t, l, "A", "before", false)
		full := failing(mem, "write", &vfs.ShortWrite{Bytes: 60, Err: syscall.ENOSPC})
		full.Store(true)
		for range 2 { // the first meets the disk, the second is refused at once
			err := appendWait(t, l, &Request{Topic: "A", Records: record(t, "A", "lost")})
			if write := new(WriteError); !errors.Is(err, syscall.ENOSPC) || !errors.As(err, &write) {
				t.Fatalf("append to a full disk: %v", err)
			}
		}
		if got := bodies(t, l); !slices.Equal(got, []string{"before"}) || l.Failure() == nil {
			t.Errorf("log holds %q, failure %v", got, l.Failure())
		}
		full.Store(false)
		time.Sleep(time.Second)
		if r := send(t, l, "A", "after", false); r.QueueOffset != 1 || l.Failure() != nil {
			t.Errorf("queue offset %d after healing, failure %v", r.QueueOffset, l.Failure())
		}
		if got := bodies(t, l); !slices.Equal(got, []string{"before", "after"}) {
			t.Errorf("log holds %q", got)
		}
		shut(t, l)
	})
}

func TestAFailedSyncIsNeverAnsweredAsSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := testConfig(mem, "/log")
		cfg.FlushDiskType = SyncFlush
		l, _ := open(t, cfg)
		send(t, l, "A", "synced", true)
		send(t, l, "A", "only written", false)
		sick := failing(mem, "sync", syscall.EIO)
		sick.Store(true)
		if err := appendWait(t, l, &Request{Topic: "A", Records: record(t, "A", "failed"), Wait: true}); !errors.Is(err, syscall.EIO) {
			t.Fatalf("append with a failing sync: %v", err)
		}
		if got := bodies(t, l); !slices.Equal(got, []string{"synced", "only written", "failed"}) { // the kernel has it
			t.Errorf("readers see %q", got)
		}
		sick.Store(false)
		time.Sleep(2 * time.Second) // the background flush has the appender write it again
		synctest.Wait()
		if flushed, _ := l.Flushed(); flushed != l.End() || l.Failure() != nil {
			t.Errorf("flushed %d of %d, failure %v", flushed, l.End(), l.Failure())
		}
		if r := send(t, l, "A", "healed", true); r.QueueOffset != 3 {
			t.Errorf("queue offset %d", r.QueueOffset)
		}
		shut(t, l)
	})
}

// TestASyncThatFailedOnceIsNotBelievedTheSecondTime: the kernel tells a lost page once.
func TestASyncThatFailedOnceIsNotBelievedTheSecondTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		l, _ := open(t, testConfig(mem, "/log"))
		send(t, l, "A", strings.Repeat("x", 3000), false)
		writes, syncs := 0, 0
		mem.SetHook(func(op vfs.Op) error {
			switch op.Kind {
			case "write":
				writes++
			case "sync":
				if syncs++; syncs == 1 {
					return syscall.EIO
				}
			}
			return nil
		})
		if err := l.Sync(); !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
		if err := l.Sync(); !errors.Is(err, errSyncFailed) {
			t.Fatalf("second sync: %v", err)
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if flushed, _ := l.Flushed(); flushed != l.End() || writes == 0 {
			t.Errorf("flushed %d of %d after %d writes", flushed, l.End(), writes)
		}
		shut(t, l)
	})
}

func TestAFileThatCannotBeMadeRefusesTheGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		l, _ := open(t, testConfig(mem, "/log"))
		send(t, l, "A", strings.Repeat("x", 3500), false)
		full := failing(mem, "create", syscall.ENOSPC)
		full.Store(true)
		if err := appendWait(t, l, &Request{Topic: "A", Records: record(t, "A", strings.Repeat("y", 900))}); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("append: %v", err)
		}
		full.Store(false)
		time.Sleep(time.Second)
		if r := send(t, l, "A", "small, fits where the blank was", false); r.Offset != 3592 || r.QueueOffset != 1 {
			t.Errorf("offset %d, queue offset %d", r.Offset, r.QueueOffset)
		}
		if got := bodies(t, l); len(got) != 2 {
			t.Errorf("%d records", len(got))
		}
		shut(t, l)
	})
}

// TestAReaderOutlivesItsFile: deletion waits for the last reader.
func TestAReaderOutlivesItsFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := open(t, testConfig(vfs.NewMem(), "/log"))
		send(t, l, "A", "x", false)
		s := l.acquire(0)
		shut(t, l)
		if s.refs.Load() != 1 {
			t.Errorf("%d references while one reader is left", s.refs.Load())
		}
		if err := s.release(); err != nil || s.acquire() {
			t.Errorf("a closed file was handed out, %v", err)
		}
		if _, err := l.ReadAt(make([]byte, 1), 0); !errors.Is(err, ErrOutOfRange) {
			t.Errorf("read from a closed log: %v", err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprint(callers, "callers"), func(b *testing.B) {
			cfg := testConfig(vfs.OS{}, b.TempDir())
			cfg.MappedFileSizeCommitLog = 1 << 30
			l, err := Open(cfg)
			if err != nil {
				b.Fatal(err)
			}
			l.Start()
			b.SetParallelism((callers + 1) / 2)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				done := make(chan struct{}, 1)
				r := &Request{Topic: "A", Records: record(b, "A", strings.Repeat("x", 1024)), Done: func(*Request) { done <- struct{}{} }}
				for pb.Next() {
					if err := l.Append(r); err != nil {
						b.Error(err)
						return
					}
					<-done
				}
			})
			if err := errors.Join(l.Stop(), l.Close()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
