package store

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

func TestSinceLeavesNoneOfATimeBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		cfg.MappedFileSizeCommitLog = 64 << 10 // many blanks to pass
		s := open(t, cfg, vfs.NewMem())
		defer shut(t, s)
		start := time.Now()
		for range 400 {
			send(t, s, msg{topic: "t", body: strings.Repeat("x", 10_000)})
			time.Sleep(100 * time.Millisecond)
		}
		for _, after := range []time.Duration{-time.Hour, 0, time.Second, 20 * time.Second, 39900 * time.Millisecond, time.Hour} {
			wanted := start.Add(after).UnixMilli()
			since, err := s.Since(wanted)
			if err != nil {
				t.Fatal(err)
			}
			early := 0
			err = s.Visit(s.Min(), s.End(), func(r message.Record) error {
				at := commitlog.Offset(r.PhysicalOffset())
				if at < since && r.StoreTimestamp() >= wanted {
					t.Fatalf("%v: the record at %d was stored then, since is %d", after, at, since)
				}
				if at >= since && r.StoreTimestamp() < wanted {
					early += len(r)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if early > sinceBytes+64<<10 {
				t.Errorf("%v: %d bytes behind it are older", after, early)
			}
		}
	})
}

func TestWhatIsIndexedIsFoundAndWhatIsNotIsVisited(t *testing.T) {
	for _, indexed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			cfg := testConfig()
			cfg.MessageIndexEnable = indexed
			s := open(t, cfg, vfs.NewMem())
			defer shut(t, s)
			send(t, s, msg{topic: "t", body: "old", uniqKey: "k"})
			time.Sleep(time.Minute)
			now := time.Now().UnixMilli()
			newer := send(t, s, msg{topic: "t", body: "new", uniqKey: "k"}, msg{topic: "t", body: "other"})
			places, err := s.PlacesByKey("t", "k", 10, now)
			if err != nil {
				t.Fatal(err)
			}
			if indexed && (len(places) != 1 || places[0] != newer.Offset || s.Indexed() != s.End()) {
				t.Errorf("places %v and indexed up to %d, want %d and %d", places, s.Indexed(), newer.Offset, s.End())
			}
			if !indexed && (len(places) != 0 || s.Indexed() != 0) {
				t.Errorf("places %v and indexed up to %d without an index", places, s.Indexed())
			}
			var visited []string
			err = s.Visit(s.Min(), newer.Offset+1, func(r message.Record) error {
				visited = append(visited, string(r.Body()))
				return nil
			})
			if got := strings.Join(visited, " "); got != "old new" || err != nil {
				t.Errorf("visited %q, %v", got, err)
			}
		})
	}
}
