package storenode

import (
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/vfs"
)

// withSlowDisk tells about a node with SYNC_FLUSH whose syncs of the log take
// what the test says, and fail while it says so.
func withSlowDisk(t *testing.T, change func(*Config), tell func(s *scene, syncTakes *atomic.Int64, fails *atomic.Bool)) {
	withNode(t, func(c *Config) {
		c.FlushDiskType = "SYNC_FLUSH"
		if change != nil {
			change(c)
		}
	}, func(s *scene) {
		var takes atomic.Int64
		var fails atomic.Bool
		ofLog := func(op vfs.Op) bool { return op.Kind == "sync" && strings.Contains(op.Path, "commitlog") }
		s.fs.SetDelay(func(op vfs.Op) time.Duration {
			if ofLog(op) {
				return time.Duration(takes.Load())
			}
			return 0
		})
		s.fs.SetHook(func(op vfs.Op) error {
			if ofLog(op) && fails.Load() {
				return syscall.EIO
			}
			return nil
		})
		s.dial().send(to("Other"), "makes the log's file")
		tell(s, &takes, &fails)
		fails.Store(false)
	})
}

func TestASendTheDiskIsTooSlowForIsAnsweredFlushDiskTimeout(t *testing.T) {
	for millis, bound := range map[int64]time.Duration{5000: 2400 * time.Millisecond, 1000: time.Second} {
		withSlowDisk(t, func(c *Config) { c.SyncFlushTimeoutMillis = millis }, func(s *scene, takes *atomic.Int64, _ *atomic.Bool) {
			p := s.dial()
			takes.Store(int64(10 * time.Second))
			first := p.later(protocol.SendMessageV2, to("T"), []byte("first"))
			time.Sleep(time.Second)
			second := p.later(protocol.SendBatchMessage, batchTo("T"), batchOf(t, "second", "third"))
			var sent [2]protocol.SendMessageResponse
			for i, answer := range []func() (*remoting.Command, time.Duration){first, second} {
				c, took := answer()
				equal(t, "code", c.Code, protocol.FlushDiskTimeout)
				equal(t, "after", took, bound)
				if err := sent[i].Decode(c.Ext); err != nil {
					t.Error(err)
				}
			}
			equal(t, "queue offset", sent[1].QueueOffset, 1)
			all := p.stored("T", 0)
			equal(t, "messages that can be read", len(all), 3)
			equal(t, "id", string(sent[0].MsgID), message.OffsetID(all[0].StoreHost, all[0].PhysicalOffset))
			equal(t, "ids", len(strings.Split(string(sent[1].MsgID), ",")), 2)
			time.Sleep(time.Minute)
			takes.Store(0)
			equal(t, "queue offset of the next", p.send(to("T"), "m").QueueOffset, 3)
			equal(t, "logged", s.log.complaints(), "")
		})
	}
}

func TestASyncWithinTheBoundIsWaitedFor(t *testing.T) {
	withSlowDisk(t, nil, func(s *scene, takes *atomic.Int64, _ *atomic.Bool) {
		p := s.dial()
		takes.Store(int64(2 * time.Second))
		for range 3 {
			c, took := p.later(protocol.SendMessageV2, to("T"), []byte("m"))()
			equal(t, "code", c.Code, protocol.Success)
			equal(t, "after", took, 2*time.Second)
		}
		h := to("T")
		h.Properties = props("WAIT", "false")
		c, took := p.later(protocol.SendMessageV2, h, []byte("m"))()
		equal(t, "code without WAIT", c.Code, protocol.Success)
		equal(t, "after", took, 0)
	})
}

// TestOneSyncServesAllThatGathered: each of many sends waits for the sync under
// way and for one more, however many they are.
func TestOneSyncServesAllThatGathered(t *testing.T) {
	withSlowDisk(t, nil, func(s *scene, takes *atomic.Int64, _ *atomic.Bool) {
		p := s.dial()
		takes.Store(int64(time.Second))
		first := p.later(protocol.SendMessageV2, to("T"), []byte("m"))
		var others []func() (*remoting.Command, time.Duration)
		for range 20 {
			others = append(others, p.later(protocol.SendMessageV2, to("T"), []byte("m")))
		}
		_, took := first()
		equal(t, "the first after", took, time.Second)
		for _, answer := range others {
			c, took := answer()
			equal(t, "code", c.Code, protocol.Success)
			equal(t, "after", took, 2*time.Second)
		}
	})
}

func TestAFailedSyncIsNoSuccess(t *testing.T) {
	withSlowDisk(t, nil, func(s *scene, takes *atomic.Int64, fails *atomic.Bool) {
		p := s.dial()
		p.send(to("T"), "m")
		fails.Store(true)
		p.want(protocol.SendMessageV2, to("T"), []byte("m"), protocol.ServiceNotAvailable, syscall.EIO.Error())
		fails.Store(false)
		time.Sleep(5 * time.Second) // the log is written again
		p.send(to("T"), "m")
		s.log.take()

		takes.Store(int64(10 * time.Second))
		fails.Store(true)
		c, _ := p.later(protocol.SendMessageV2, to("T"), []byte("m"))()
		equal(t, "code", c.Code, protocol.FlushDiskTimeout)
		time.Sleep(10 * time.Second)
		if said := s.log.complaints(); !strings.Contains(said, "answered FLUSH_DISK_TIMEOUT did not reach the disk") {
			t.Errorf("logged %s", said)
		}
		takes.Store(0)
		fails.Store(false)
		time.Sleep(5 * time.Second)
		p.send(to("T"), "m")
	})
}

func TestASendBackDoesNotWaitForASlowDisk(t *testing.T) {
	withSlowDisk(t, nil, func(s *scene, takes *atomic.Int64, _ *atomic.Bool) {
		p := s.dial()
		p.send(to("T"), "m")
		m := p.one("T", 0)
		takes.Store(int64(10 * time.Second))
		c, took := p.later(protocol.ConsumerSendMsgBack, back(m, 0), nil)()
		equal(t, "code", c.Code, protocol.Success)
		equal(t, "after", took, 2400*time.Millisecond)
		p.waitingAt(3)
	})
}

func TestAnEndingNodeAnswersWhatWaitsForTheDisk(t *testing.T) {
	withSlowDisk(t, nil, func(s *scene, takes *atomic.Int64, _ *atomic.Bool) {
		p := s.dial()
		takes.Store(int64(2 * time.Second))
		answer := p.later(protocol.SendMessageV2, to("T"), []byte("m"))
		s.close()
		c, took := answer()
		equal(t, "code", c.Code, protocol.Success)
		equal(t, "after", took, 2*time.Second)
		synctest.Wait()
	})
}
