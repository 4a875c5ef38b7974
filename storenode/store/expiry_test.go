package store

import (
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

// fillFiles sends so much that the log has at least files files, and returns the number of messages.
func fillFiles(t *testing.T, s *Store, files int) int {
	t.Helper()
	sent := 0
	for ; len(s.log.Starts()) < files; sent++ {
		send(t, s, msg{topic: "A", body: strings.Repeat("x", 1000), uniqKey: "key"})
	}
	return sent
}

func logFiles(t *testing.T, mem *vfs.Mem, dir string) []string {
	t.Helper()
	entries, err := mem.List(filepath.Join("/store", dir))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return names
}

// hour is a configuration that deletes at one hour of the day, hours from now.
func hour(cfg Config, hours int) Config {
	cfg.DeleteWhen = []int{time.Now().Add(time.Duration(hours) * time.Hour).Hour()}
	return cfg
}

func TestExpiredFilesGoAtTheHourAndQueuesAndIndexFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := hour(testConfig(), 5)
		cfg.FileReservedTime = 4 * time.Hour
		cfg.MappedFileSizeConsumeQueue = 10 * 20
		cfg.MaxHashSlotNum, cfg.MaxIndexNum = 5, 20
		s := open(t, cfg, mem)
		sent := fillFiles(t, s, 4)
		time.Sleep(3*time.Hour + 30*time.Minute)
		if got := len(bodies(t, s, "A", 0)); got != sent || s.Min() != 0 {
			t.Fatalf("%d messages of %d and a log from %d before the time", got, sent, s.Min())
		}
		time.Sleep(time.Hour) // the files are old enough, the hour has not come
		if s.Min() != 0 {
			t.Fatalf("log begins at %d before the hour", s.Min())
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := logFiles(t, mem, "commitlog"); len(got) != 1 || s.Min() != 3*16<<10 {
			t.Fatalf("files %q, log begins at %d", got, s.Min())
		}
		low := s.MinOffset("A", 0)
		if got := len(bodies(t, s, "A", 0)); low == 0 || got != sent-int(low) || got == 0 {
			t.Errorf("queue begins at %d and has %d messages of %d", low, got, sent)
		}
		if stored, err := s.EarliestStoreTime("A", 0); err != nil || stored < 0 {
			t.Errorf("first message of the queue: %d, %v", stored, err)
		}
		if got := logFiles(t, mem, "consumequeue/A/0"); got[0] == "00000000000000000000" {
			t.Errorf("consume queue files %q", got)
		}
		if got := logFiles(t, mem, "index"); len(got) > 2 {
			t.Errorf("index files %q", got)
		}
		if r, err := s.Get(Query{Topic: "A", Offset: low - 1, MaxNum: 1}); err != nil || r.Status != OffsetTooSmall || r.NextBeginOffset != low {
			t.Errorf("get below the minimum: %+v, %v", r, err)
		}
		if r := send(t, s, msg{topic: "A", body: "more"}); r.QueueOffset != int64(sent) {
			t.Errorf("queue offset %d, want %d", r.QueueOffset, sent)
		}
		shut(t, s)
		s = open(t, cfg, mem)
		if again := s.MinOffset("A", 0); again != low || len(bodies(t, s, "A", 0)) != sent+1-int(low) {
			t.Errorf("after a restart the queue begins at %d, before at %d", again, low)
		}
		shut(t, s)
	})
}

func TestAQueueWithoutLiveMessagesIsEmptyAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := hour(testConfig(), 2)
		cfg.FileReservedTime = time.Hour
		s := open(t, cfg, vfs.NewMem())
		for range 3 {
			send(t, s, msg{topic: "idle", body: "x"})
		}
		fillFiles(t, s, 2)
		time.Sleep(2*time.Hour + time.Minute)
		if low, high := s.Bounds("idle", 0); low != 3 || high != 3 {
			t.Errorf("queue of expired messages: %d to %d", low, high)
		}
		if r := send(t, s, msg{topic: "idle", body: "y"}); r.QueueOffset != 3 {
			t.Errorf("queue offset %d", r.QueueOffset)
		}
		if got := bodies(t, s, "idle", 0); len(got) != 1 || got[0] != "y" {
			t.Errorf("messages %q", got)
		}
		shut(t, s)
	})
}

func TestAtMostTenFilesGoInARound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := hour(testConfig(), 2)
		cfg.FileReservedTime = time.Hour
		s := open(t, cfg, mem)
		fillFiles(t, s, 14)
		begin := time.Now()
		for s.Min() == 0 {
			time.Sleep(time.Second)
		}
		time.Sleep(5 * time.Second)
		if got := len(logFiles(t, mem, "commitlog")); got != 4 {
			t.Errorf("%d files after the first round", got)
		}
		time.Sleep(10 * time.Second)
		if got := len(logFiles(t, mem, "commitlog")); got != 1 {
			t.Errorf("%d files after the second round, %v", got, time.Since(begin))
		}
		shut(t, s)
	})
}

func TestAFileStaysUntilWhatMustOutliveItIsSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := hour(testConfig(), 2)
		cfg.FileReservedTime = time.Hour
		cfg.DeleteWhen = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}
		var safe atomic.Bool
		var asked atomic.Int64
		cfg.BeforeExpire = func(end commitlog.Offset) error {
			if asked.Store(int64(end)); !safe.Load() {
				return errors.New("its messages cannot be put again")
			}
			return nil
		}
		s := open(t, cfg, vfs.NewMem())
		fillFiles(t, s, 2)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if s.Min() != 0 || asked.Load() != 16<<10 {
			t.Errorf("log begins at %d, asked about %d", s.Min(), asked.Load())
		}
		safe.Store(true)
		time.Sleep(20 * time.Second)
		if s.Min() != 16<<10 {
			t.Errorf("log begins at %d", s.Min())
		}
		shut(t, s)
	})
}
