package store

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/vfs"
)

func percent(used int64) vfs.Usage {
	return vfs.Usage{UsedBytes: used << 30, FreeBytes: (100 - used) << 30}
}

func TestADiskThatFillsRefusesSendsAndTakesThemAgain(t *testing.T) {
	for name, full := range map[string]vfs.Usage{
		"by ratio":      percent(91),
		"by free bytes": {UsedBytes: 1, FreeBytes: 64<<20 - 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mem := vfs.NewMem()
				cfg := testConfig()
				cfg.CleanFileForciblyEnable = false
				s := open(t, cfg, mem)
				send(t, s, msg{topic: "A", body: "before"})
				mem.SetUsage(full)
				time.Sleep(2 * time.Second)
				_, err := trySend(t, s, true, msg{topic: "A", body: "refused"})
				var refused *DiskFullError
				if !errors.As(err, &refused) || refused.Dir != "/store/commitlog" || refused.FreeBytes != full.FreeBytes {
					t.Fatalf("send to a full disk: %v", err)
				}
				if got := bodies(t, s, "A", 0); len(got) != 1 {
					t.Errorf("readers see %q", got)
				}
				mem.SetUsage(percent(90))
				time.Sleep(2 * time.Second)
				send(t, s, msg{topic: "A", body: "after"})
				shut(t, s)
			})
		})
	}
}

func TestOnADiskThatFillsTheOldestGoesEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s := open(t, testConfig(), mem)
		sent := fillFiles(t, s, 4)
		mem.SetUsage(percent(85))
		time.Sleep(time.Minute)
		if s.Min() != 0 {
			t.Errorf("at 85 %% the log begins at %d", s.Min())
		}
		mem.SetUsage(percent(86))
		time.Sleep(3 * time.Second)
		if got := logFiles(t, mem, "commitlog"); len(got) != 1 {
			t.Errorf("files %q", got)
		}
		if r := send(t, s, msg{topic: "A", body: "after"}); r.QueueOffset != int64(sent) {
			t.Errorf("queue offset %d", r.QueueOffset)
		}
		shut(t, s)
	})
}

func TestAboveTheUsedSpaceRatioExpiredFilesGoAtAnyHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := testConfig()
		cfg.DeleteWhen, cfg.FileReservedTime = nil, 3*time.Hour
		s := open(t, cfg, mem)
		fillFiles(t, s, 2)
		mem.SetUsage(percent(76))
		time.Sleep(2 * time.Hour)
		if s.Min() != 0 {
			t.Errorf("log begins at %d before its files are old enough", s.Min())
		}
		time.Sleep(2 * time.Hour)
		if s.Min() == 0 {
			t.Error("nothing has expired")
		}
		shut(t, s)
	})
}

func TestAFullDiskIsLoggedNowAndThenOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem, text := vfs.NewMem(), &bytes.Buffer{}
		cfg := testConfig()
		s, err := Open(cfg, mem, slog.New(slog.NewTextHandler(text, nil)))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3600 {
			mem.SetUsage(percent(89 + int64(i%2)*3)) // to and fro
			if _, err := trySend(t, s, true, msg{topic: "A", body: "x"}); err != nil && !errors.As(err, new(*DiskFullError)) {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		shut(t, s)
		if lines := strings.Count(text.String(), "free_bytes="); lines == 0 || lines > 2*60+2 {
			t.Errorf("%d lines about the disk in an hour:\n%.2000s", lines, text)
		}
	})
}
