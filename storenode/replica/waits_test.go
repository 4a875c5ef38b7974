package replica

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/commitlog"
)

// told is what somebody who waits is told.
type told struct {
	mu      sync.Mutex // guards the rest
	outcome Outcome
	after   time.Duration
	times   int
}

func (got *told) waits() bool {
	got.mu.Lock()
	defer got.mu.Unlock()
	return got.times == 0
}

// wait has somebody wait for the log up to end; what it is told is in the
// result.
func (c *scene) wait(end commitlog.Offset, due time.Duration) *told {
	got, begun := &told{}, time.Now()
	c.master.Wait(&Wait{End: end, Bytes: 100, Due: begun.Add(due), Done: func(o Outcome) {
		got.mu.Lock()
		defer got.mu.Unlock()
		got.outcome, got.after = o, time.Since(begun)
		got.times++
	}})
	return got
}

func (got *told) must(t *testing.T, outcome Outcome, after time.Duration) {
	t.Helper()
	synctest.Wait()
	got.mu.Lock()
	defer got.mu.Unlock()
	if got.outcome != outcome || got.after != after || got.times != 1 {
		t.Errorf("told %v after %v (%d times), want %v after %v", got.outcome, got.after, got.times, outcome, after)
	}
}

func TestWaitingEndsWithASlavesReport(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		start := c.send("zero")
		slave := c.dial()
		slave.report(start)
		synctest.Wait()
		one, two := c.send("one"), c.send("two")
		first, second := c.wait(one, 2*time.Second), c.wait(two, 2*time.Second)
		again := c.wait(one, 2*time.Second) // behind the others
		slave.frame()
		time.Sleep(time.Second)
		slave.report(one)
		synctest.Wait()
		first.must(t, Copied, time.Second)
		if !second.waits() || !again.waits() {
			t.Error("who waits for more was told")
		}
		time.Sleep(time.Second / 2)
		slave.report(two)
		synctest.Wait()
		second.must(t, Copied, 1500*time.Millisecond)
		again.must(t, Copied, 1500*time.Millisecond)
		c.wait(two, time.Second).must(t, Copied, 0)
		c.close()
	})
}

func TestNobodyWaitsLongerThanItSays(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		slave := c.dial()
		slave.report(0)
		synctest.Wait()
		end := c.send("one")
		long, short := c.wait(end, 3*time.Second), c.wait(end, time.Second)
		overdue := c.wait(end, 0)
		overdue.must(t, SlaveTooSlow, 0)
		time.Sleep(4 * time.Second)
		long.must(t, SlaveTooSlow, time.Second) // it stands in front of one that must not wait for it
		short.must(t, SlaveTooSlow, time.Second)
		later := c.wait(end, time.Second)
		time.Sleep(2 * time.Second)
		later.must(t, SlaveTooSlow, time.Second)
		c.close()
	})
}

func TestWithoutASlaveNobodyWaits(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, func(cfg *MasterConfig) { cfg.HASlaveFallbehindMax = 1000 })
		end := c.send("one")
		c.wait(end, time.Second).must(t, NoSlave, 0)
		slave := c.dial()
		synctest.Wait()
		c.wait(end, time.Second).must(t, NoSlave, 0) // it has not said what it has
		slave.report(end)
		synctest.Wait()
		far := end
		for far < end+1000 {
			far = c.send("more")
		}
		c.wait(far, time.Second).must(t, NoSlave, 0)
		near := c.wait(end+999, time.Second)
		if !near.waits() {
			t.Error("a slave that is near enough was not waited for")
		}
		slave.Close()
		time.Sleep(time.Second)
		near.must(t, SlaveTooSlow, time.Second)
		c.wait(far, time.Second).must(t, NoSlave, 0)
		c.close()
	})
}

// What a slave says it has when it connects nobody has compared with the
// master's log: it may be the end of another history.
func TestAFirstReportAcknowledgesNothing(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		first := c.dial()
		first.report(0)
		synctest.Wait()
		end := c.send("one")
		waiting := c.wait(end, 2*time.Second)
		stranger := c.dial()
		stranger.report(end)
		synctest.Wait()
		if !waiting.waits() {
			t.Fatal("a slave acknowledged what it was not sent")
		}
		first.frame()
		first.report(end)
		synctest.Wait()
		waiting.must(t, Copied, 0)
		stranger.Close()
		c.close()
	})
}

func TestThoseWhoWaitAreBound(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, func(cfg *MasterConfig) { cfg.MaxWaiting, cfg.MaxWaitingBytes = 3, 250 })
		slave := c.dial()
		slave.report(0)
		synctest.Wait()
		end := c.send("one")
		var waiting []*told
		for !c.master.Full() {
			waiting = append(waiting, c.wait(end, time.Second))
		}
		if len(waiting) != 3 {
			t.Errorf("%d wait", len(waiting))
		}
		c.wait(end, time.Second).must(t, SlaveTooSlow, 0)
		slave.frame()
		slave.report(end)
		synctest.Wait()
		for _, w := range waiting {
			w.must(t, Copied, 0)
		}
		if c.master.Full() {
			t.Error("an empty line is full")
		}
		c.close()
	})
}

func TestWhoWaitsIsToldWhenTheMasterCloses(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		slave := c.dial()
		slave.report(0)
		synctest.Wait()
		end := c.send("one")
		waiting := c.wait(end, time.Minute)
		c.close()
		waiting.must(t, SlaveTooSlow, 2*time.Second)
		c.wait(end, time.Second).must(t, NoSlave, 0)
	})
}
