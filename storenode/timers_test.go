package storenode

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/timer"
	"gantry/storenode/topic"
	"gantry/storenode/vfs"
)

// later is a send of a message that comes after a while.
func later(topic string, after time.Duration) protocol.SendMessageRequest {
	h := to(topic)
	h.Properties = props(message.PropertyUniqKey, "U", message.PropertyTimerDelayMs, strconv.FormatInt(after.Milliseconds(), 10))
	return h
}

func TestATimerMessageComesToTheMillisecond(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "at once")
		began := time.Now()
		p.send(later("T", 2345*time.Millisecond), "later")
		time.Sleep(2344*time.Millisecond - time.Since(began))
		synctest.Wait()
		equal(t, "before its time", s.node.store.MaxOffset("T", 0), 1)
		time.Sleep(time.Millisecond)
		synctest.Wait()
		all := p.stored("T", 0)
		equal(t, "at its time", len(all), 2)
		m := all[1]
		equal(t, "body", string(m.Body), "later")
		for name, want := range map[string]string{message.PropertyTimerDelayMs: "2345", message.PropertyRealTopic: "T", message.PropertyRealQueueID: "0",
			message.PropertyTimerOutMs: strconv.FormatInt((began.UnixMilli()+2344)/1000*1000, 10), message.PropertyCluster: "DefaultCluster"} {
			equal(t, name, string(m.Properties.Get(name)), want)
		}
		held := p.one(topic.TimerTopic, 0)
		equal(t, "real topic while it waited", string(held.Properties.Get(message.PropertyRealTopic)), "T")
	})
}

func TestATimerMessageSurvivesAStopAndAKill(t *testing.T) {
	for name, end := range map[string]func(*scene){"stop": (*scene).close, "kill": (*scene).kill} {
		t.Run(name, func(t *testing.T) {
			withNode(t, nil, func(s *scene) {
				s.dial().send(later("T", time.Minute), "while up")
				s.dial().send(later("T", 10*time.Second), "while down")
				end(s)
				time.Sleep(30 * time.Second)
				s.open()
				settle()
				p := s.dial()
				equal(t, "what was due meanwhile", string(p.one("T", 0).Body), "while down")
				time.Sleep(time.Minute)
				equal(t, "all", len(p.stored("T", 0)), 2)
				end(s)
				s.open()
				time.Sleep(time.Minute)
				equal(t, "after another end", len(s.dial().stored("T", 0)), 2)
			})
		})
	}
}

func TestADelayLevelComesBeforeATime(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		h := later("T", time.Hour)
		h.Properties = append(h.Properties, props(message.PropertyDelay, "1")...)
		p.send(h, "m")
		time.Sleep(2 * time.Second)
		m := p.one("T", 0)
		equal(t, "after level 1", string(m.Body), "m")
		equal(t, "its time", string(m.Properties.Get(message.PropertyTimerDelayMs)), "")
		equal(t, "timer messages", s.node.store.MaxOffset(timer.Topic, 0), 0)
	})
}

func TestATimerMessageThatCannotBeHeldIsRefused(t *testing.T) {
	withNode(t, func(c *Config) { c.TimerMaxDelaySec = 60 }, func(s *scene) {
		p := s.dial()
		p.want(protocol.SendMessageV2, later("T", 61*time.Second), []byte("m"), protocol.MessageIllegal, "should not be bigger than the max delay 60000ms")
		p.want(protocol.SendMessageV2, to(timer.Topic), []byte("m"), protocol.NoPermission, "is forbidden")
		p.send(later("T", time.Minute), "m")
	})
	withNode(t, func(c *Config) { c.TimerWheelEnable = false }, func(s *scene) {
		s.dial().want(protocol.SendMessageV2, later("T", time.Second), []byte("m"), protocol.SystemError, "accurate timer message is not enabled, timerWheelEnable is false")
	})
	withNode(t, func(c *Config) { c.TimersInMemory, c.TimerFiles = 4, 1 }, func(s *scene) {
		p := s.dial()
		for range 10 {
			if answer := p.ask(protocol.SendMessageV2, later("T", time.Minute), []byte("m")); answer.Code == protocol.SystemError {
				equal(t, "bound", answer.Remark, "timer message is under flow control, more than 4 wait in 1 files")
				return
			}
			settle()
		}
		t.Error("no bound was met")
	})
}

func TestAMessageThatIsRetriedDoesNotWaitAgain(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.beat("c", "T")
		h := later("%RETRY%group", time.Hour)
		h.Properties = append(h.Properties, props(message.PropertyTimerOutMs, "1000")...)
		p.send(h, "m")
		equal(t, "in its retry topic", string(p.one("%RETRY%group", 0).Body), "m")
	})
}

func TestATimerMessageOutlivesItsFile(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(later("T", 2*time.Hour), "late")
		for range 20 {
			p.send(to("fill"), strings.Repeat("x", 60<<10))
		}
		began := time.Now()
		s.fs.SetUsage(vfs.Usage{UsedBytes: 91, FreeBytes: 9}) // sends are refused, what is put again is not
		time.Sleep(3 * time.Second)
		if s.node.store.Min() == 0 {
			t.Error("the file with the timer message is there")
		}
		s.fs.SetUsage(vfs.Usage{FreeBytes: 1 << 30})
		s.restart()
		time.Sleep(2*time.Hour - time.Minute - time.Since(began))
		equal(t, "messages before their time", len(s.dial().stored("T", 0)), 0)
		time.Sleep(time.Minute + time.Second)
		equal(t, "the message", string(s.dial().one("T", 0).Body), "late")
	})
}

func TestATransactionWithATimeWaitsFromItsCommitOn(t *testing.T) {
	withNode(t, func(c *Config) { c.TimerMaxDelaySec = 60 }, func(s *scene) {
		p := s.dial()
		a := p.half("T", "a", message.PropertyTimerDelaySec, "10")
		time.Sleep(30 * time.Second)
		p.end(a, commits)
		time.Sleep(9 * time.Second)
		wantBodies(t, p, "T")
		time.Sleep(2 * time.Second)
		wantBodies(t, p, "T", "a")
		tooLate := transactional("T", "b", message.PropertyTimerDelaySec, "61")
		p.want(protocol.SendMessageV2, tooLate, []byte("b"), protocol.MessageIllegal, "timer message illegal")
	})
}

func TestASlaveThatBecomesMasterDeliversWhatItsMasterHasNot(t *testing.T) {
	withSlave(t, func(master, slave *scene) {
		p := master.dial()
		p.send(later("T", time.Second), "early")
		p.send(later("T", time.Minute), "late")
		time.Sleep(10 * time.Second)
		master.close()
		slave.close()
		slave.config.BrokerRole, slave.config.BrokerID = "ASYNC_MASTER", 0
		slave.open()
		time.Sleep(time.Minute)
		var bodies []string
		for _, m := range slave.dial().stored("T", 0) {
			bodies = append(bodies, string(m.Body))
		}
		equal(t, "messages, each once", strings.Join(bodies, " "), "early late")
	})
}

func TestATimerMessageSurvivesLossesOfPower(t *testing.T) {
	for seed := range uint64(10) {
		withNode(t, func(c *Config) { c.FlushDiskType = "SYNC_FLUSH" }, func(s *scene) {
			due := map[string]bool{}
			for i := range 10 {
				body := strconv.Itoa(i)
				due[body] = true
				h := later("T", time.Duration(i)*700*time.Millisecond+5*time.Second)
				h.Properties = append(h.Properties, props(message.PropertyKeys, body)...)
				s.dial().send(h, body)
			}
			for range 3 {
				time.Sleep(2 * time.Second)
				s.fs.Halt()
				s.node.Close(context.Background()) // only so that its goroutines end; it cannot write any more
				s.fs = s.fs.AfterPowerLoss(rand.New(rand.NewPCG(seed, 0)))
				s.log.take()
				s.open()
			}
			time.Sleep(time.Minute)
			for _, m := range s.dial().stored("T", 0) {
				delete(due, string(m.Body))
			}
			if len(due) > 0 {
				t.Errorf("seed %d: %v did not come", seed, due)
			}
		})
	}
}
