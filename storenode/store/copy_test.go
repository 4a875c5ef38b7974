package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

func slaveConfig() Config {
	cfg := testConfig()
	cfg.Slave = true
	return cfg
}

// follow copies all the master's log has that the slave's has not.
func follow(t *testing.T, master, slave *Store) {
	t.Helper()
	from, to := master.Log(), slave.Log()
	for to.End() < from.End() {
		start := to.End()
		b := make([]byte, from.FileBytes()-int64(start-from.Min())%from.FileBytes())
		n, err := from.ReadAt(b, start)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		r := &commitlog.Request{Offset: start, Records: b[:n], Done: func(r *commitlog.Request) { done <- r.Err }}
		if err := slave.AppendCopy(r); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	synctest.Wait()
}

func TestASlavesQueuesAndIndexAreItsMasters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, slave := open(t, testConfig(), vfs.NewMem()), open(t, slaveConfig(), vfs.NewMem())
		for i := range 100 {
			send(t, master, msg{topic: "A", queueID: int32(i % 2), body: fmt.Sprint("b", i) + strings.Repeat(".", i*13), keys: fmt.Sprint("k", i)})
		}
		follow(t, master, slave)
		for q := range int32(2) {
			if got, want := bodies(t, slave, "A", q), bodies(t, master, "A", q); !slices.Equal(got, want) {
				t.Errorf("queue %d has %d messages, the master's %d", q, len(got), len(want))
			}
		}
		if got := byKey(t, slave, "A", "k77"); len(got) != 1 || !strings.HasPrefix(got[0], "b77") {
			t.Errorf("by key: %q", got)
		}
		shut(t, slave)
		shut(t, master)
	})
}

func TestASlaveTakesNothingOfItsOwnAndAMasterCopiesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, slave := open(t, testConfig(), vfs.NewMem()), open(t, slaveConfig(), vfs.NewMem())
		if _, err := trySend(t, slave, true, msg{topic: "A", body: "x"}); !errors.Is(err, ErrSlave) {
			t.Errorf("a slave took a message: %v", err)
		}
		if err := slave.AppendReserved(&commitlog.Request{}); !errors.Is(err, ErrSlave) {
			t.Errorf("a slave took what must be put again: %v", err)
		}
		if err := master.AppendCopy(&commitlog.Request{}); !errors.Is(err, ErrMaster) {
			t.Errorf("a master copied: %v", err)
		}
		if err := master.BeginAt(0); !errors.Is(err, ErrMaster) {
			t.Errorf("a master begins anew: %v", err)
		}
		shut(t, slave)
		shut(t, master)
	})
}

// A slave that joins late has no record before its master's minimum: its queues
// begin where the master's do, whichever way it is stopped.
func TestASlaveThatJoinsLateBeginsWhereItsMasterDoes(t *testing.T) {
	ends := map[string]func(t *testing.T, s *Store, system *vfs.Mem) *vfs.Mem{
		"stopped": func(t *testing.T, s *Store, system *vfs.Mem) *vfs.Mem {
			shut(t, s)
			return system
		},
		"killed": func(t *testing.T, s *Store, system *vfs.Mem) *vfs.Mem {
			system.Halt()
			_ = s.Close()
			return system.AfterKill()
		},
	}
	for name, end := range ends {
		for _, pause := range []time.Duration{0, time.Hour} { // before and after queues and checkpoint are written
			t.Run(fmt.Sprint(name, pause), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					master, system := open(t, testConfig(), vfs.NewMem()), vfs.NewMem()
					for i := range 200 {
						send(t, master, msg{topic: "A", body: fmt.Sprint("b", i) + strings.Repeat(".", 300), keys: fmt.Sprint("k", i)})
					}
					if err := errors.Join(master.Log().Sync(), master.Log().DropOldest(16<<10), master.expiry.follow()); err != nil {
						t.Fatal(err)
					}
					slave := open(t, slaveConfig(), system)
					time.Sleep(pause)
					if err := slave.BeginAt(master.Min()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(pause)
					system = end(t, slave, system)
					slave = open(t, slaveConfig(), system)
					if slave.Min() != master.Min() || slave.End() != master.Min() {
						t.Fatalf("the empty slave is [%d, %d)", slave.Min(), slave.End())
					}
					follow(t, master, slave)
					time.Sleep(pause)
					for range 2 {
						low, high := slave.Bounds("A", 0)
						wantLow, wantHigh := master.Bounds("A", 0)
						if low != wantLow || high != wantHigh || low == 0 {
							t.Fatalf("the queue is [%d, %d), the master's [%d, %d)", low, high, wantLow, wantHigh)
						}
						if got, want := bodies(t, slave, "A", 0), bodies(t, master, "A", 0); !slices.Equal(got, want) {
							t.Fatalf("%d messages, the master has %d", len(got), len(want))
						}
						if got := byKey(t, slave, "A", "k199"); len(got) != 1 {
							t.Errorf("by key: %q", got)
						}
						system = end(t, slave, system)
						slave = open(t, slaveConfig(), system)
						synctest.Wait()
					}
					shut(t, slave)
					shut(t, master)
				})
			})
		}
	}
}

// Promotion is a restart as a master: queue offsets go on behind the last.
func TestASlaveGoesOnAsAMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, system := open(t, testConfig(), vfs.NewMem()), vfs.NewMem()
		for i := range 50 {
			send(t, master, msg{topic: "A", body: fmt.Sprint("b", i)})
		}
		slave := open(t, slaveConfig(), system)
		follow(t, master, slave)
		shut(t, master)
		shut(t, slave)
		promoted := open(t, testConfig(), system)
		if r := send(t, promoted, msg{topic: "A", body: "b50"}); r.QueueOffset != 50 {
			t.Errorf("the next message has queue offset %d", r.QueueOffset)
		}
		if got := bodies(t, promoted, "A", 0); !slices.Equal(got, numbered("b", 0, 51)) {
			t.Errorf("%q", got)
		}
		shut(t, promoted)
	})
}
