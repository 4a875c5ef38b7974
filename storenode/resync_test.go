package storenode

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"gantry/remoting/protocol"
	"gantry/storenode/resync"
	"gantry/storenode/vfs"
)

func (p *peer) resync(q resync.Question) (a resync.Answer) {
	p.s.t.Helper()
	if err := a.Decode(p.want(resync.Code, nil, q.Encode(), protocol.Success, "").Body); err != nil {
		p.s.t.Fatal(err)
	}
	return a
}

// found waits until the slave has compared.
func (p *peer) found() resync.Answer {
	p.s.t.Helper()
	p.resync(resync.Question{Do: resync.Find})
	time.Sleep(time.Minute)
	return p.resync(resync.Question{Do: resync.Tell})
}

// withParted tells a test about a slave that has taken messages as a master, while
// its master took others, and stands as a slave again. Both have one message.
func withParted(t *testing.T, tell func(master, slave *scene)) {
	t.Helper()
	withSlave(t, func(master, slave *scene) {
		master.dial().send(to("T"), "both")
		master.dial().commit("T", 1)
		time.Sleep(time.Second)
		master.close()
		slave.close()
		slave.config.BrokerRole, slave.config.BrokerID = "ASYNC_MASTER", 0
		slave.open()
		for _, body := range []string{"the slave's own", "and one more"} {
			slave.dial().send(to("T"), body)
		}
		slave.close()
		slave.config.BrokerRole, slave.config.BrokerID = "SLAVE", 1
		slave.open()
		master.open()
		master.dial().send(to("T"), "the master's")
		master.catchUp()
		equal(t, "state", slave.dial().haStatus().Self.State, "stopped")
		slave.log.take()
		tell(master, slave)
	})
}

// again does what the role does once it is asked to.
func (s *scene) again() {
	s.t.Helper()
	select {
	case <-s.node.Again():
	default:
		s.t.Fatal("the node does not ask to be started again")
	}
	s.restart()
	s.catchUp()
}

func TestASlaveIsCutBackToItsMastersLog(t *testing.T) {
	for name, discard := range map[string]bool{"and keeps what is cut off": false, "and keeps nothing": true} {
		t.Run(name, func(t *testing.T) {
			withParted(t, func(master, slave *scene) {
				p := slave.dial()
				a := p.found()
				equal(t, "state", a.State, resync.Found)
				equal(t, "messages", a.Messages, 2)
				equal(t, "confirmation", a.Confirm, fmt.Sprintf("shard/1:%d-%d", a.At, a.End))
				p.want(resync.Code, nil, resync.Question{Do: resync.Cut, Confirm: "yes"}.Encode(), protocol.SystemError, "confirmed is \"yes\", and what would be cut off is \""+a.Confirm+"\": nothing is")
				done := p.resync(resync.Question{Do: resync.Cut, Confirm: a.Confirm, Discard: discard})
				equal(t, "state", done.State, resync.Ordered)
				slave.again()
				equal(t, "the end of its log", slave.node.store.End(), master.node.store.End())
				s := slave.dial().haStatus().Self
				equal(t, "state", s.State, "copying")
				equal(t, "lag", s.LagBytes, 0)
				_, err := slave.fs.Stat(done.KeptIn)
				equal(t, "what is cut off is there", done.KeptIn != "" && err == nil, !discard)
				equal(t, "offset", slave.dial().committed("T"), 1)
				master.dial().send(to("T"), "more")
				slave.restart() // nothing is cut twice
				slave.catchUp()
				equal(t, "the end of its log", slave.node.store.End(), master.node.store.End())
			})
		})
	}
}

// Between order and start the process may end: the order stands.
func TestAnOrderToCutSurvivesAKill(t *testing.T) {
	withParted(t, func(master, slave *scene) {
		p := slave.dial()
		p.resync(resync.Question{Do: resync.Cut, Confirm: p.found().Confirm})
		slave.kill()
		slave.open()
		slave.catchUp()
		equal(t, "the end of its log", slave.node.store.End(), master.node.store.End())
	})
}

func TestAnOrderToCutIsVoidForAMaster(t *testing.T) {
	withParted(t, func(master, slave *scene) {
		p := slave.dial()
		a := p.found()
		p.resync(resync.Question{Do: resync.Cut, Confirm: a.Confirm})
		master.close()
		slave.close()
		slave.config.BrokerRole, slave.config.BrokerID = "ASYNC_MASTER", 0
		slave.log.take()
		slave.open()
		equal(t, "the end of its log", int64(slave.node.store.End()), a.End)
		if said := slave.log.take(); !strings.Contains(said, "this is the master now") {
			t.Error(said)
		}
	})
}

// What cannot be kept is not cut off.
func TestWithoutRoomNothingIsCutOff(t *testing.T) {
	withParted(t, func(_, slave *scene) {
		p := slave.dial()
		a := p.found()
		p.resync(resync.Question{Do: resync.Cut, Confirm: a.Confirm})
		slave.close()
		slave.fs.SetHook(func(op vfs.Op) error {
			if strings.Contains(op.Path, "cut-") && op.Kind != "list" {
				return syscall.ENOSPC
			}
			return nil
		})
		slave.open()
		slave.fs.SetHook(nil)
		slave.catchUp()
		equal(t, "the end of its log", int64(slave.node.store.End()), a.End)
		equal(t, "state", slave.dial().haStatus().Self.State, "stopped")
		p = slave.dial()
		p.resync(resync.Question{Do: resync.Cut, Confirm: p.found().Confirm, Discard: true})
		slave.again()
		equal(t, "state", slave.dial().haStatus().Self.State, "copying")
	})
}

func TestNothingIsCutThatWasNotFound(t *testing.T) {
	withSlave(t, func(master, slave *scene) {
		master.dial().send(to("T"), "m")
		time.Sleep(time.Second)
		p := slave.dial()
		for _, q := range []resync.Question{{Do: resync.Cut}, {Do: resync.Cut, Confirm: "shard/1:0-100"}} {
			p.want(resync.Code, nil, q.Encode(), protocol.SystemError, "nothing has been found that could be cut off (nothing asked): ask what there is first")
		}
		a := p.found()
		equal(t, "state", a.State, resync.Failed)
		equal(t, "why", a.Error, "the slave's log has not been found to differ from its master's, it is copying")
		p.want(resync.Code, nil, resync.Question{Do: resync.Cut}.Encode(), protocol.SystemError, "nothing has been found that could be cut off (failed): ask what there is first")
		p.want(resync.Code, nil, resync.Question{Do: "else"}.Encode(), protocol.SystemError, `"else" is none of find, tell and cut`)
		master.dial().want(resync.Code, nil, resync.Question{Do: resync.Find}.Encode(), protocol.SystemError, "this is a master: it is the slave's log that is cut, ask the slave")
		select {
		case <-slave.node.Again():
			t.Error("the slave would start again")
		default:
		}
	})
}
