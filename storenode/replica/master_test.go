package replica

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/commitlog"
)

func TestASlaveThatHasNothingGetsTheLogFromItsBeginning(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		c.fill(100)
		c.expire(2)
		slave := c.dial()
		slave.report(0)
		log := c.store.Log()
		for at := log.Min(); at < log.End(); {
			h, body := slave.frame()
			if h.offset != at || h.size == 0 || h.size > 32<<10 || at/fileBytes != (at+commitlog.Offset(h.size)-1)/fileBytes {
				t.Fatalf("%d bytes at %d where %d was next", h.size, h.offset, at)
			}
			want := make([]byte, h.size)
			if n, err := log.ReadAt(want, at); n != h.size || err != nil || !bytes.Equal(want, body) {
				t.Fatalf("frame at %d holds something else (%d, %v)", at, n, err)
			}
			at += commitlog.Offset(h.size)
		}
		c.close()
	})
}

func TestFramesAreNoLargerThanHaTransferBatchSize(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, func(cfg *MasterConfig) { cfg.HATransferBatchSize = 1000 })
		c.fill(20)
		slave := c.dial()
		slave.report(300)
		at := commitlog.Offset(300)
		for at < c.store.End() {
			h, _ := slave.frame()
			if h.offset != at || h.size > 1000 {
				t.Fatalf("%d bytes at %d where %d was next", h.size, h.offset, at)
			}
			at += commitlog.Offset(h.size)
		}
		c.close()
	})
}

func TestAMasterBeatsWhenItHasNothingToSend(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		end := c.send("one")
		slave := c.dial()
		slave.report(end)
		for range 3 {
			begun := time.Now()
			if h, _ := slave.frame(); h.offset != end || h.size != 0 || time.Since(begun) != 5*time.Second {
				t.Errorf("%d bytes at %d after %v", h.size, h.offset, time.Since(begun))
			}
			slave.report(end)
		}
		next := c.send("two")
		if h, _ := slave.frame(); h.offset != end || h.size != int(next-end) {
			t.Errorf("%d bytes at %d", h.size, h.offset)
		}
		c.close()
	})
}

func TestASlaveThatReportsNothingIsCutOff(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		c.fill(1)
		silent, stuck := c.dial(), c.dial()
		stuck.report(0)
		begun := time.Now()
		silent.mustEnd(time.Minute)
		stuck.mustEnd(time.Minute)
		if took := time.Since(begun); took != 20*time.Second {
			t.Errorf("cut off after %v", took)
		}
		c.close()
	})
}

func TestASlaveThatDoesNotReadCostsAMasterNothing(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		slave := c.dial()
		slave.report(0)
		for range 1000 { // more than the connection holds
			c.send(strings.Repeat("x", 1000))
		}
		time.Sleep(time.Minute)
		if s := c.master.Status().Slaves; len(s) != 1 || s[0].State != FollowerGone || !strings.Contains(s[0].LastError, "timeout") {
			t.Errorf("%+v", s)
		}
		c.close()
	})
}

func TestWhoCannotBeServedIsToldWhy(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		c.fill(60)
		c.expire(1)
		for _, at := range []struct {
			report commitlog.Offset
			why    string
		}{
			{c.store.End() + 1, "ahead of its master"},
			{-7, "ahead of its master"},
			{fileBytes - 1, "too far behind"},
		} {
			slave := c.dial()
			slave.report(at.report)
			slave.mustEnd(time.Second)
			synctest.Wait()
			all := c.master.Status().Slaves
			if last := all[len(all)-1]; !strings.Contains(last.LastError, at.why) || last.State != FollowerGone {
				t.Errorf("report %d: %+v", at.report, last)
			}
		}
		liar := c.dial()
		liar.report(c.store.End())
		liar.report(c.store.End() + 1)
		liar.mustEnd(time.Second)
		c.close()
	})
}

func TestReportsMayComeInPiecesAndTogether(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		end := c.send("one")
		slave := c.dial()
		for _, b := range appendReport(nil, end) {
			synctest.Wait()
			if _, err := slave.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
		}
		next := c.send("two", "three")
		for at := end; at < next; {
			h, _ := slave.frame()
			at += commitlog.Offset(h.size)
		}
		both := appendReport(appendReport(nil, end+1), next)
		if _, err := slave.Write(append(both, 0, 0)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if s := c.master.Status().Slaves[0]; s.Acked != next || s.LagBytes != 0 || s.Lag != 0 || s.Requested != end {
			t.Errorf("%+v", s)
		}
		c.close()
	})
}

func TestLagIsHowOldTheMissingIs(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		end := c.send("one")
		slave := c.dial()
		slave.report(end)
		synctest.Wait()
		next := c.send("two")
		slave.frame()
		time.Sleep(7 * time.Second)
		if s := c.master.Status().Slaves[0]; s.Lag != 7*time.Second || s.LagBytes != int64(next-end) || s.State != FollowerCopying {
			t.Errorf("%+v", s)
		}
		last := c.send("three")
		slave.report(next) // it has what there was when the report before came, and what came in between
		synctest.Wait()
		if s := c.master.Status().Slaves[0]; s.LagBytes != int64(last-next) || s.Lag > 7*time.Second {
			t.Errorf("%+v", s)
		}
		c.close()
	})
}

func TestSlavesAreBoundAndThoseThatLeftAreRemembered(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, func(cfg *MasterConfig) { cfg.MaxSlaves, cfg.KeptSlaves = 2, 3 })
		first, second := c.dial(), c.dial()
		refused := c.dial()
		refused.mustEnd(time.Second)
		for range 5 {
			first.Close()
			synctest.Wait()
			first = c.dial()
			synctest.Wait()
		}
		if s := c.master.Status().Slaves; len(s) != 5 || s[0].State != FollowerGreeting || s[4].State != FollowerGone || s[4].LastError == "" {
			t.Errorf("%+v", s)
		}
		second.Close()
		c.close()
	})
}

// A master that is stopped by hand leaves its slaves with all it has.
func TestCloseWaitsForSlavesThatFollow(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		end := c.send("one")
		slave := c.dial()
		slave.report(end)
		synctest.Wait()
		next := c.send("two")
		go func() {
			time.Sleep(time.Second)
			slave.frame()
			slave.report(next)
		}()
		begun := time.Now()
		c.close()
		if took := time.Since(begun); took < time.Second || took > 1100*time.Millisecond {
			t.Errorf("closed after %v", took)
		}
	})
}

func TestCloseDoesNotWaitForSlavesThatAreGone(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		slave := c.dial()
		slave.report(0)
		c.send("one")
		slave.frame()
		begun := time.Now()
		c.close()
		if took := time.Since(begun); took < 2*time.Second || took > 2100*time.Millisecond {
			t.Errorf("closed after %v", took)
		}
		slave.mustEnd(time.Second)
	})
}
