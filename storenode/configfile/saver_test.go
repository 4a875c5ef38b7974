package configfile

import (
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/configfile/configtest"
)

func TestASaverSavesOnceForManyChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys, value := &configtest.FS{}, atomic.Int64{}
		s := StartSaver(New(fsys, path), func() []byte { return strconv.AppendInt(nil, value.Load(), 10) }, 5*time.Second, slog.New(slog.DiscardHandler))
		for range 100 {
			value.Add(1)
			s.Changed()
		}
		time.Sleep(4999 * time.Millisecond)
		if fsys.Writes() != 0 {
			t.Error("saved before its time")
		}
		time.Sleep(2 * time.Millisecond)
		if fsys.Writes() != 1 || fsys.Text(path) != "100" {
			t.Errorf("%d writes, text %q", fsys.Writes(), fsys.Text(path))
		}
		time.Sleep(time.Hour)
		if fsys.Writes() != 1 {
			t.Error("saved without a change")
		}
		value.Add(1)
		s.Changed()
		if err := s.Close(); err != nil || fsys.Text(path) != "101" {
			t.Errorf("Close: %v, text %q", err, fsys.Text(path))
		}
	})
}

func TestASaverTriesAgainUntilTheDiskWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := &configtest.FS{}
		s := StartSaver(New(fsys, path), func() []byte { return []byte("7") }, 0, slog.New(slog.DiscardHandler))
		fsys.StopAfter(0)
		s.Changed()
		synctest.Wait()
		if err := s.Flush(); err == nil {
			t.Error("Flush hides the failure")
		}
		time.Sleep(10 * time.Second)
		fsys.StopAfter(-1)
		time.Sleep(2 * time.Second)
		if fsys.Text(path) != "7" {
			t.Errorf("text %q", fsys.Text(path))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
