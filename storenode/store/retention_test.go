package store

import (
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/vfs"
)

func TestAnotherRetentionCountsFromTheNextRoundOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := hour(testConfig(), 1)
		cfg.FileReservedTime = 100 * time.Hour
		s := open(t, cfg, vfs.NewMem())
		fillFiles(t, s, 4)
		time.Sleep(90 * time.Minute)
		if s.Min() != 0 {
			t.Fatalf("the log begins at %d before its files may go", s.Min())
		}
		r := cfg.Retention
		r.FileReservedTime = time.Hour
		s.SetRetention(r)
		time.Sleep(2 * cfg.CleanResourceInterval)
		if s.Min() == 0 {
			t.Error("nothing has gone since less is kept")
		}
	})
}
