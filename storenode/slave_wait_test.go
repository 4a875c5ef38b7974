package storenode

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/envelope"
	"gantry/remoting/protocol"
	"gantry/storenode/commitlog"
	"gantry/storenode/replica"
	"gantry/storenode/vfs"
)

// slaveConn is a slave's connection that a test speaks on itself.
type slaveConn struct {
	net.Conn
	s *scene
}

// slaveThatHas is a slave with the log up to its end.
func (s *scene) slaveThatHas() *slaveConn {
	s.t.Helper()
	conn, err := s.network.Dial(context.Background(), s.name()+":ha")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	c := &slaveConn{conn, s}
	c.report()
	return c
}

// report says that the slave has the whole log.
func (c *slaveConn) report() {
	c.s.t.Helper()
	if _, err := c.Write(binary.BigEndian.AppendUint64(nil, uint64(c.s.node.store.End()))); err != nil {
		c.s.t.Fatal(err)
	}
	synctest.Wait()
}

// reportAfter says so a while after each piece of the log has come.
func (c *slaveConn) reportAfter(pause time.Duration) {
	go func() {
		head := make([]byte, 12)
		for {
			if _, err := io.ReadFull(c, head); err != nil {
				return
			}
			offset, size := binary.BigEndian.Uint64(head), int64(binary.BigEndian.Uint32(head[8:]))
			if _, err := io.CopyN(io.Discard, c, size); err != nil {
				return
			}
			time.Sleep(pause)
			if _, err := c.Write(binary.BigEndian.AppendUint64(nil, offset+uint64(size))); err != nil {
				return
			}
		}
	}()
}

func withSyncMaster(t *testing.T, change func(*Config), tell func(s *scene)) {
	t.Helper()
	withNode(t, func(c *Config) {
		c.BrokerRole = "SYNC_MASTER"
		if change != nil {
			change(c)
		}
	}, tell)
}

func TestASyncMasterWithoutSlavesSaysSo(t *testing.T) {
	withSyncMaster(t, nil, func(s *scene) {
		p := s.dial()
		c, took := p.later(protocol.SendMessageV2, to("T"), []byte("m"))()
		equal(t, "code", c.Code, protocol.SlaveNotAvailable)
		equal(t, "after", took, 0)
		var sent protocol.SendMessageResponse
		if err := sent.Decode(c.Ext); err != nil {
			t.Error(err)
		}
		equal(t, "it is stored", string(p.one("T", 0).Body), "m")
		h := to("T")
		h.Properties = props("WAIT", "false")
		p.want(protocol.SendMessageV2, h, []byte("m"), protocol.Success, "")
		p.want(protocol.SendBatchMessage, batchTo("T"), batchOf(t, "second", "third"), protocol.SlaveNotAvailable, "")
		equal(t, "messages", len(p.stored("T", 0)), 4)
	})
}

func TestASendWaitsForASlave(t *testing.T) {
	withSyncMaster(t, nil, func(s *scene) {
		slave := s.slaveThatHas()
		slave.reportAfter(time.Second)
		p := s.dial()
		first := p.later(protocol.SendMessageV2, to("T"), []byte("m"))
		time.Sleep(time.Second / 2)
		equal(t, "another request meanwhile", p.askWithin(time.Millisecond, protocol.GetMaxOffset, protocol.GetMaxOffsetRequest{Topic: "T"}, nil) != nil, true)
		second := p.later(protocol.SendBatchMessage, batchTo("T"), batchOf(t, "second", "third"))
		c, took := first()
		equal(t, "code", c.Code, protocol.Success)
		equal(t, "after", took, time.Second)
		c, took = second()
		equal(t, "code of the batch", c.Code, protocol.Success)
		equal(t, "after", took, 1500*time.Millisecond)
	})
}

func TestASendTheSlaveIsTooSlowForIsAnsweredFlushSlaveTimeout(t *testing.T) {
	for millis, bound := range map[int64]time.Duration{3000: 2400 * time.Millisecond, 1000: time.Second} {
		withSyncMaster(t, func(c *Config) { c.SlaveTimeoutMillis = millis }, func(s *scene) {
			s.slaveThatHas()
			p := s.dial()
			c, took := p.later(protocol.SendMessageV2, to("T"), []byte("m"))()
			equal(t, "code", c.Code, protocol.FlushSlaveTimeout)
			equal(t, "after", took, bound)
			equal(t, "it is stored", string(p.one("T", 0).Body), "m")
			time.Sleep(time.Minute) // the slave is given up
			p.want(protocol.SendMessageV2, to("T"), []byte("m"), protocol.SlaveNotAvailable, "")
		})
	}
}

// Disk and slave are waited for at the same time, and both no longer than a
// client waits.
func TestASendWaitsForDiskAndSlave(t *testing.T) {
	for _, is := range []struct {
		disk, slave time.Duration
		code        int32
		after       time.Duration
	}{
		{2 * time.Second, time.Second, protocol.Success, 2 * time.Second},
		{time.Second, 2 * time.Second, protocol.Success, 2 * time.Second},
		{2 * time.Second, time.Minute, protocol.FlushSlaveTimeout, 2400 * time.Millisecond},
		{time.Minute, time.Second, protocol.FlushDiskTimeout, 2400 * time.Millisecond},
	} {
		withSyncMaster(t, func(c *Config) { c.FlushDiskType = "SYNC_FLUSH" }, func(s *scene) {
			takes := s.slowSyncs()
			p := s.dial()
			p.want(protocol.SendMessageV2, to("Other"), []byte("makes the log's file"), protocol.SlaveNotAvailable, "")
			s.slaveThatHas().reportAfter(is.slave)
			takes.Store(int64(is.disk))
			c, took := p.later(protocol.SendMessageV2, to("T"), []byte("m"))()
			equal(t, "code", c.Code, is.code)
			equal(t, "after", took, is.after)
			takes.Store(0)
			time.Sleep(3 * time.Minute)
		})
	}
}

func TestASendBackWaitsForASlaveAndIsStoredWithoutOne(t *testing.T) {
	withSyncMaster(t, nil, func(s *scene) {
		p := s.dial()
		p.want(protocol.SendMessageV2, to("T"), []byte("m"), protocol.SlaveNotAvailable, "")
		m := p.one("T", 0)
		slave := s.slaveThatHas()
		slave.reportAfter(time.Second)
		for range 2 {
			c, took := p.later(protocol.ConsumerSendMsgBack, back(m, 5), nil)()
			equal(t, "code", c.Code, protocol.Success)
			equal(t, "after", took, time.Second)
			slave.Close()
			slave = s.slaveThatHas()
			slave.reportAfter(time.Second)
		}
		slave.Close()
		synctest.Wait()
		c, took := p.later(protocol.ConsumerSendMsgBack, back(m, 5), nil)()
		equal(t, "code without a slave", c.Code, protocol.Success)
		equal(t, "after", took, 0)
		equal(t, "messages that wait", len(p.stored("SCHEDULE_TOPIC_XXXX", 4)), 3)
	})
}

// A send that comes again is answered as its first attempt, and that is stored
// when a slave has it.
func TestASendThatComesAgainWaitsForASlaveToo(t *testing.T) {
	for _, flush := range []string{"ASYNC_FLUSH", "SYNC_FLUSH"} {
		withSyncMaster(t, func(c *Config) { c.FlushDiskType = flush }, func(s *scene) {
			first := s.try(one(keyed("T", "k")), 0)
			settle()
			first.cut()
			time.Sleep(30 * time.Second) // what the first waited for is long ago
			slave := s.slaveThatHas()
			again := s.try(one(keyed("T", "k")), envelope.Retry)
			settle()
			s.dial().later(protocol.SendMessageV2, to("Other"), []byte("what the slave has not"))
			for _, r := range again.take() {
				equal(t, "answered without a slave", r.envelope.Kind == envelope.Reply && r.class == envelope.Sends, false)
			}
			slave.report()
			equal(t, "code", again.answer().Code, protocol.Success)
			equal(t, "records", s.size(), 2)
		})
	}
}

func TestASyncMasterThatNoSlaveCanReachSaysSo(t *testing.T) {
	w := slaveWaits{sync: true}
	var told []replica.Outcome
	waits := w.begin(&commitlog.Request{Wait: true, Records: make([]byte, 10)}, time.Time{}, &replica.Wait{Done: func(o replica.Outcome) { told = append(told, o) }})
	equal(t, "waits", waits, true)
	equal(t, "told", len(told) == 1 && told[0] == replica.NoSlave, true)
}

// slowSyncs has syncs of the log take what the result says.
func (s *scene) slowSyncs() *atomic.Int64 {
	var takes atomic.Int64
	s.fs.SetDelay(func(op vfs.Op) time.Duration {
		if op.Kind == "sync" && strings.Contains(op.Path, "commitlog") {
			return time.Duration(takes.Load())
		}
		return 0
	})
	return &takes
}
