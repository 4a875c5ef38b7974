package store

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"

	"gantry/storenode/vfs"
)

// FuzzMarks opens a store whose checkpoint and recovery mark hold anything: they may cost a longer way, never messages.
func FuzzMarks(f *testing.F) {
	f.Add([]byte{}, []byte{}, []byte{})
	f.Add(bytes.Repeat([]byte{0, 0, 1, 0x8B, 0xCF, 0xE5, 0x68, 1}, 3), mark{at: 7}.append(nil), []byte(tableMagic))
	f.Fuzz(func(t *testing.T, checkpoint, mark, table []byte) {
		synctest.Test(t, func(t *testing.T) {
			mem := vfs.NewMem()
			s := open(t, testConfig(), mem)
			fill(t, s, 0, 5)
			mem.Halt()
			_ = s.Close()
			mem = mem.AfterKill()
			for path, content := range map[string][]byte{
				"/store/checkpoint": checkpoint, "/store/gantry/recovery": mark, "/store/gantry/queues": table,
			} {
				if err := errors.Join(mem.MkdirAll("/store/gantry"), removeIfThere(mem, path)); err != nil {
					t.Fatal(err)
				}
				file, err := mem.Create(path, int64(len(content)))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := file.WriteAt(content, 0); err != nil {
					t.Fatal(err)
				}
			}
			s = open(t, testConfig(), mem)
			checkFilled(t, s, 5)
			shut(t, s)
		})
	})
}

// TestOnRealFiles goes once through everything with the operating system's files at their full sizes.
func TestOnRealFiles(t *testing.T) {
	cfg := DefaultConfig(t.TempDir())
	arrived := make(chan int64, 100)
	cfg.OnArrival = func(a Arrival) { arrived <- a.MaxOffset }
	s := open(t, cfg, vfs.OS{})
	for i := range 10 {
		if _, err := trySend(t, s, true, msg{topic: "T", body: "body", uniqKey: "U"}); err != nil {
			t.Fatal(err)
		}
		if got := <-arrived; got != int64(i)+1 {
			t.Errorf("arrival with maximum %d", got)
		}
	}
	shut(t, s)
	s = open(t, cfg, vfs.OS{})
	if got := bodies(t, s, "T", 0); len(got) != 10 {
		t.Errorf("%d messages", len(got))
	}
	shut(t, s)
	s = open(t, cfg, vfs.OS{})
	if info, err := (vfs.OS{}).Stat(cfg.path("commitlog", "00000000000000000000")); err != nil || info.Size != 1<<30 {
		t.Errorf("commit log file %+v, %v", info, err)
	}
	shut(t, s)
}
