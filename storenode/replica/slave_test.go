package replica

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

func TestASlaveHasItsMastersLog(t *testing.T) {
	for name, expired := range map[string]int{"from its beginning": 0, "from where it begins by now": 3} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				c := newScene(t, nil)
				c.fill(200)
				c.expire(expired)
				copied := openStore(t, storeConfig(true), vfs.NewMem())
				slave := c.slave(copied)
				time.Sleep(time.Second)
				mustBeEqual(t, c.store.Log(), copied.Log())
				c.fill(100)
				time.Sleep(time.Second)
				mustBeEqual(t, c.store.Log(), copied.Log())
				if low, high := copied.Bounds("A", 0); high != 300 || (low > 0) != (expired > 0) {
					t.Errorf("its queue is [%d, %d)", low, high)
				}
				if s := slave.Status(); s.State != SlaveCopying || s.LagBytes != 0 || s.Lag != 0 || s.MasterEnd != c.store.End() || s.LastError != "" {
					t.Errorf("%+v", s)
				}
				if s := c.master.Status().Slaves; len(s) != 1 || s[0].LagBytes != 0 || s[0].Acked != c.store.End() {
					t.Errorf("%+v", s)
				}
				c.close(slave, copied)
			})
		})
	}
}

func TestASlaveOfAnEmptyMasterFollowsItsFirstMessage(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		copied := openStore(t, storeConfig(true), vfs.NewMem())
		slave := c.slave(copied)
		time.Sleep(time.Minute) // heartbeats both ways
		c.send("one")
		time.Sleep(time.Second)
		mustBeEqual(t, c.store.Log(), copied.Log())
		if s := c.master.Status().Slaves; len(s) != 1 {
			t.Errorf("it connected %d times", len(s))
		}
		c.close(slave, copied)
	})
}

func TestASlaveGoesOnWhereItWas(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		system := vfs.NewMem()
		for round := range 8 {
			c.fill(1 + round*17)
			copied := openStore(t, storeConfig(true), system)
			slave := c.slave(copied)
			time.Sleep(time.Second)
			mustBeEqual(t, c.store.Log(), copied.Log())
			if s := slave.Status(); s.LastError != "" {
				t.Errorf("%+v", s)
			}
			if err := errors.Join(slave.Close(), copied.Close()); err != nil {
				t.Fatal(err)
			}
		}
		c.close()
	})
}

// A slave may have been stopped behind a blank, with the next file not begun.
func TestASlaveGoesOnBehindABlank(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		c.fill(30)
		system := vfs.NewMem()
		copied := openStore(t, storeConfig(true), system)
		log := c.store.Log()
		b := make([]byte, fileBytes)
		if n, err := log.ReadAt(b, 0); n != fileBytes || err != nil {
			t.Fatal(n, err)
		}
		done := make(chan error, 1)
		if err := copied.AppendCopy(&commitlog.Request{Records: b, Done: func(r *commitlog.Request) { done <- r.Err }}); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(<-done, copied.Close()); err != nil {
			t.Fatal(err)
		}
		copied = openStore(t, storeConfig(true), system)
		slave := c.slave(copied)
		time.Sleep(time.Second)
		mustBeEqual(t, log, copied.Log())
		c.close(slave, copied)
	})
}

func TestASlaveDialsAgain(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		c.fill(5)
		copied := openStore(t, storeConfig(true), vfs.NewMem())
		slave := NewSlave(c.slaveConfig(copied))
		time.Sleep(time.Minute)
		if s := slave.Status(); s.State != SlaveUnguided {
			t.Errorf("%+v", s)
		}
		if err := c.master.Close(); err != nil {
			t.Fatal(err)
		}
		slave.Follow(Address{HA: haName, Master: masterName})
		time.Sleep(time.Second)
		if s := slave.Status(); s.State != SlaveConnecting || !strings.Contains(s.LastError, "connection refused") {
			t.Errorf("%+v", s)
		}
		for range 3 {
			c.startMaster(nil)
			c.fill(5)
			time.Sleep(2 * time.Second)
			mustBeEqual(t, c.store.Log(), copied.Log())
			if err := c.master.Close(); err != nil {
				t.Fatal(err)
			}
		}
		c.startMaster(nil)
		c.close(slave, copied)
	})
}

func TestASlaveFollowsAnotherMasterAtOnce(t *testing.T) {
	in(t, func(t *testing.T) {
		c, second := newScene(t, nil), newScene(t, nil)
		c.fill(50)
		if err := second.store.Close(); err != nil {
			t.Fatal(err)
		}
		system := vfs.NewMem()
		copied := openStore(t, storeConfig(true), system)
		slave := c.slave(copied)
		time.Sleep(time.Second)
		mustBeEqual(t, c.store.Log(), copied.Log())
		if err := errors.Join(slave.Close(), copied.Close()); err != nil {
			t.Fatal(err)
		}
		second.store = openStore(t, storeConfig(false), system) // the former slave leads now
		if err := second.master.Close(); err != nil {
			t.Fatal(err)
		}
		second.startMaster(nil)
		third := openStore(t, storeConfig(true), vfs.NewMem())
		cfg := c.slaveConfig(third)
		from := c
		cfg.Dial = func(ctx context.Context, addr string) (net.Conn, error) { return from.net.Dial(ctx, haName) }
		cfg.Bounds = func(context.Context, string) (Bounds, error) { return Bounds{from.store.Min(), from.store.End()}, nil }
		slave = NewSlave(cfg)
		slave.Follow(Address{HA: "one:1"})
		time.Sleep(time.Second)
		mustBeEqual(t, c.store.Log(), third.Log())
		second.send("of the second master")
		from = second
		slave.Follow(Address{HA: "two:1"})
		synctest.Wait()
		mustBeEqual(t, second.store.Log(), third.Log())
		c.close(slave, third)
		second.close()
	})
}

func TestASlaveAheadOfItsMasterStopsAndNamesBothOffsets(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		c.send("one", "two")
		slave := followAs(t, c, "one", "two", "three")
		mustHaveStopped(t, slave, "the slave is ahead of its master: the slave's log ends at 287, the master's at 190")
		c.send("five", "six") // now it is longer than the slave's
		time.Sleep(time.Minute)
		mustHaveStopped(t, slave, "the slave's last record, at 190, is another than its master's there: the slave's log ends at 287, the master's at 381")
		c.close(slave)
	})
}

// followAs makes a slave of a master that has taken messages of its own.
func followAs(t *testing.T, c *scene, bodies ...string) *Slave {
	t.Helper()
	system := vfs.NewMem()
	s := openStore(t, storeConfig(false), system)
	for _, body := range bodies {
		appendTo(t, s, body)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	copied := openStore(t, storeConfig(true), system)
	t.Cleanup(func() { _ = copied.Close() })
	slave := c.slave(copied)
	time.Sleep(time.Second)
	return slave
}

func mustHaveStopped(t *testing.T, slave *Slave, why string) {
	t.Helper()
	if s := slave.Status(); s.State != SlaveStopped || !strings.HasPrefix(s.LastError, why) {
		t.Errorf("%s\n%+v", why, s)
	}
}

func TestASlaveWhoseLastRecordDiffersStops(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		c.send("one", "two", "three")
		time.Sleep(time.Second)
		slave := followAs(t, c, "one", "owt")
		mustHaveStopped(t, slave, "the slave's last record, at 95, is another than its master's there: the slave's log ends at 190, the master's at 287")
		c.close(slave)
	})
}

func TestASlaveThatIsTooFarBehindStops(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		c.fill(100)
		c.expire(2)
		slave := followAs(t, c, "one")
		mustHaveStopped(t, slave, "the slave is too far behind, the master's log begins at 32768: the slave's log ends at 95, the master's at")
		c.close(slave)
	})
}

func TestASlaveWithFilesOfAnotherSizeStops(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		c.fill(100)
		cfg := storeConfig(true)
		cfg.MappedFileSizeCommitLog *= 2
		copied := openStore(t, cfg, vfs.NewMem())
		slave := c.slave(copied)
		time.Sleep(time.Second)
		if s := slave.Status(); s.State != SlaveStopped || !strings.Contains(s.LastError, "mappedFileSizeCommitLog differs") {
			t.Errorf("%+v", s)
		}
		c.close(slave, copied)
	})
}

// While its disk is full a slave keeps its connection and says why it lags.
func TestASlaveWithoutRoomGoesOnWhenThereIsSome(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		system := vfs.NewMem()
		copied := openStore(t, storeConfig(true), system)
		slave := c.slave(copied)
		time.Sleep(time.Second)
		system.SetHook(func(op vfs.Op) error {
			if op.Kind == "write" && strings.Contains(op.Path, "commitlog") {
				return syscall.ENOSPC
			}
			return nil
		})
		c.fill(1500) // more than slave and connection hold
		time.Sleep(time.Minute)
		if s := slave.Status(); s.State != SlaveCopying || s.LagBytes == 0 || s.Lag < 50*time.Second || !strings.Contains(s.LastError, "no space") {
			t.Errorf("%+v", s)
		}
		if s := c.master.Status().Slaves; len(s) != 1 || s[0].LagBytes == 0 || s[0].Lag < 50*time.Second {
			t.Errorf("%+v", s)
		}
		system.SetHook(nil)
		time.Sleep(5 * time.Second)
		mustBeEqual(t, c.store.Log(), copied.Log())
		c.close(slave, copied)
	})
}

// With SYNC_FLUSH a slave reports what its disk has.
func TestASlaveReportsWhatFlushDiskTypePromises(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		system, cfg := vfs.NewMem(), storeConfig(true)
		cfg.FlushDiskType = commitlog.SyncFlush
		copied := openStore(t, cfg, system)
		slave := c.slave(copied)
		c.send("one")
		time.Sleep(time.Second)
		system.SetDelay(func(op vfs.Op) time.Duration {
			if op.Kind == "sync" && strings.Contains(op.Path, "commitlog") {
				return 3 * time.Second
			}
			return 0
		})
		waiting := c.wait(c.send("two"), 10*time.Second)
		time.Sleep(2900 * time.Millisecond)
		if copied.End() != c.store.End() || !waiting.waits() {
			t.Errorf("the slave has %d of %d, still waits: %v", copied.End(), c.store.End(), waiting.waits())
		}
		time.Sleep(time.Second)
		waiting.must(t, Copied, 3*time.Second)
		c.close(slave, copied)
	})
}

func TestAFailedSyncOfASlaveIsNotReported(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		system, cfg := vfs.NewMem(), storeConfig(true)
		cfg.FlushDiskType = commitlog.SyncFlush
		copied := openStore(t, cfg, system)
		slave := c.slave(copied)
		c.send("one")
		time.Sleep(time.Second)
		system.SetHook(func(op vfs.Op) error {
			if op.Kind == "sync" && strings.Contains(op.Path, "commitlog") {
				return syscall.EIO
			}
			return nil
		})
		end := c.send("two")
		time.Sleep(time.Minute)
		if s := c.master.Status().Slaves; copied.End() != end || s[0].Acked >= end || len(s) != 1 {
			t.Errorf("the slave has %d of %d: %+v", copied.End(), end, s)
		}
		system.SetHook(nil)
		time.Sleep(10 * time.Second)
		if s := c.master.Status().Slaves; s[0].Acked != end {
			t.Errorf("%+v", s)
		}
		c.close(slave, copied)
	})
}

// The stream may be cut anywhere.
func TestASlaveTakesFramesInPieces(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, func(cfg *MasterConfig) { cfg.HATransferBatchSize = 1024 })
		c.fill(40)
		var got []byte
		in := &stream{next: 1, heard: func(commitlog.Offset, bool) {}}
		cut, _ := framesOf(make([]byte, 5000), 1, 700, nil)
		for _, f := range cut {
			for _, b := range f {
				if err := in.decode([]byte{b}, func(b []byte) { got = append(got, b...) }); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(got) != 5000 || in.next != 5001 {
			t.Errorf("%d bytes, then %d", len(got), in.next)
		}
		for _, h := range []frameHead{{5002, 10}, {5001, -1}, {5001, longestFrameBytes + 1}, {-5, 1}} {
			other := *in
			if err := other.decode(h.append(nil), func([]byte) {}); err == nil {
				t.Errorf("%+v was taken", h)
			}
		}
		c.close()
	})
}

func TestARecordMayBeLargerThanWhatIsReadAhead(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		c.fill(50)
		for most, state := range map[int64]SlaveState{fileBytes: SlaveCopying, 2000: SlaveStopped} {
			copied := openStore(t, storeConfig(true), vfs.NewMem())
			cfg := c.slaveConfig(copied)
			cfg.ReadBytes, cfg.MaxRecordBytes = 500, most
			slave := NewSlave(cfg)
			slave.Follow(Address{HA: haName})
			time.Sleep(time.Second)
			if s := slave.Status(); s.State != state || (s.LagBytes == 0) != (state == SlaveCopying) {
				t.Errorf("records of at most %d bytes: %+v", most, s)
			}
			if err := errors.Join(slave.Close(), copied.Close()); err != nil {
				t.Error(err)
			}
		}
		c.close()
	})
}
