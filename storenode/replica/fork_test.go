package replica

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/store"
	"gantry/storenode/vfs"
)

// A slave that took messages of its own behind what its master has finds the
// place, is cut there, and is its master's copy again.
func TestASlaveFindsWhereItsLogHasLeftItsMasters(t *testing.T) {
	for _, c := range []struct{ both, own, masters, expired int }{
		{both: 0, own: 3, masters: 2},
		{both: 1, own: 1, masters: 0},
		{both: 5, own: 1, masters: 1},
		{both: 5, own: 100, masters: 1},
		{both: 150, own: 1, masters: 100},
		{both: 150, own: 100, masters: 0},
		{both: 150, own: 100, masters: 100},
		{both: 150, own: 40, masters: 40, expired: 3},
		{both: 2, own: 1, masters: 150, expired: 3}, // nothing is left that both had
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			in(t, func(t *testing.T) {
				s := newScene(t, nil)
				s.fill(c.both)
				system := vfs.NewMem()
				copied := openStore(t, storeConfig(true), system)
				slave := s.slave(copied)
				time.Sleep(time.Second)
				mustBeEqual(t, s.store.Log(), copied.Log())
				parted := s.store.End()
				_, err := slave.FindFork(t.Context())
				if !errors.Is(err, ErrNotStopped) {
					t.Errorf("while it copies: %v", err)
				}
				if err := errors.Join(slave.Close(), copied.Close()); err != nil {
					t.Fatal(err)
				}
				leading := openStore(t, storeConfig(false), system)
				for i := range c.own {
					appendTo(t, leading, fmt.Sprint("own ", i, strings.Repeat(".", i*97%3000)))
				}
				s.fill(c.masters)
				s.expire(c.expired)
				if err := leading.Close(); err != nil {
					t.Fatal(err)
				}

				copied = openStore(t, storeConfig(true), system)
				slave = s.slave(copied)
				time.Sleep(time.Second)
				fork, err := slave.FindFork(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if want := max(parted, 0); c.expired == 0 && fork.At != want || fork.At > want || fork.At < copied.Min() || fork.End != copied.End() || fork.Master.Max != s.store.End() {
					t.Errorf("%+v, they part at %d", fork, want)
				}
				if err := errors.Join(slave.Close(), copied.Close(), store.Cut(storeConfig(true), system, commitlog.Tail{From: fork.At, To: fork.End})); err != nil {
					t.Fatal(err)
				}
				copied = openStore(t, storeConfig(true), system)
				slave = s.slave(copied)
				s.fill(3)
				time.Sleep(2 * time.Second)
				if st := slave.Status(); st.State != SlaveCopying || st.LagBytes != 0 {
					t.Errorf("%+v", st)
				}
				if err := differ(s.store.Log(), copied.Log()); err != nil || s.store.End() != copied.End() {
					t.Errorf("%v, ends %d and %d", err, s.store.End(), copied.End())
				}
				s.close(slave, copied)
			})
		})
	}
}

// Who does not reach the master is told so, and the search ends with its context.
func TestASearchForTheForkEnds(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		c.send("one", "two")
		slave := followAs(t, c, "one", "two", "three")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := slave.FindFork(ctx); err == nil {
			t.Error("found with a context that is over")
		}
		c.close(slave)
	})
}
