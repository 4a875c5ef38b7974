package store

import (
	"encoding/binary"
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/vfs"
)

func TestASecondStoreInTheFolderIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s := open(t, testConfig(), mem)
		_, err := Open(testConfig(), mem, quiet())
		if !errors.Is(err, vfs.ErrLocked) || !strings.Contains(err.Error(), "/store/lock") {
			t.Errorf("second store: %v", err)
		}
		shut(t, s)
		shut(t, open(t, testConfig(), mem))
	})
}

func TestMarksAreJavas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s := open(t, testConfig(), mem)
		if info, err := mem.Stat("/store/abort"); err != nil || info.Size != 0 {
			t.Errorf("abort while running: %+v, %v", info, err)
		}
		stored := send(t, s, msg{topic: "A", body: "x", uniqKey: "u"}).StoreTimestamp
		shut(t, s)
		if _, err := mem.Stat("/store/abort"); err == nil {
			t.Error("abort after a clean stop")
		}
		f, err := mem.Open("/store/checkpoint")
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 4096)
		if _, err := f.ReadAt(b, 0); err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"physic", "logics", "index"} {
			if got := int64(binary.BigEndian.Uint64(b[8*i:])); got != stored {
				t.Errorf("%s timestamp %d, want %d", name, got, stored)
			}
		}
	})
}

func TestAFullDiskRefusesSendsAndServesReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := testConfig()
		cfg.MaxBufferedUnitBytes = 100
		s := open(t, cfg, mem)
		for range 5 {
			send(t, s, msg{topic: "A", body: "before"})
		}
		mem.SetHook(func(op vfs.Op) error {
			if op.Kind == "write" || op.Kind == "create" {
				return syscall.ENOSPC
			}
			return nil
		})
		for range 3 {
			if _, err := trySend(t, s, true, msg{topic: "A", body: "refused"}); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("send to a full disk: %v", err)
			}
			time.Sleep(700 * time.Millisecond)
		}
		if got := bodies(t, s, "A", 0); len(got) != 5 {
			t.Errorf("readers see %q", got)
		}
		mem.SetHook(nil)
		time.Sleep(2 * time.Second)
		for i := range 20 {
			if r := send(t, s, msg{topic: "A", body: "after"}); r.QueueOffset != int64(5+i) {
				t.Fatalf("queue offset %d", r.QueueOffset)
			}
		}
		shut(t, s)
		s = open(t, cfg, mem)
		if got := bodies(t, s, "A", 0); len(got) != 25 {
			t.Errorf("%d messages", len(got))
		}
		shut(t, s)
	})
}

func TestQueuesThatCannotBeWrittenRefuseSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := testConfig()
		cfg.MaxBufferedUnitBytes = 100
		s := open(t, cfg, mem)
		mem.SetHook(func(op vfs.Op) error {
			if strings.Contains(op.Path, "consumequeue") {
				return syscall.EIO
			}
			return nil
		})
		sent := 0
		for ; sent < 50; sent++ {
			if _, err := trySend(t, s, true, msg{topic: "A", body: "x"}); err != nil {
				break
			}
			synctest.Wait()
		}
		if sent == 50 {
			t.Error("sends are taken although units cannot be written")
		}
		mem.SetHook(nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := bodies(t, s, "A", 0); len(got) != sent {
			t.Errorf("%d messages of %d", len(got), sent)
		}
		send(t, s, msg{topic: "A", body: "x"})
		shut(t, s)
	})
}
