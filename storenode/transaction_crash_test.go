package storenode

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gantry/remoting/protocol"
	"gantry/storenode/topic"
	"gantry/storenode/vfs"
)

// A process is killed at each operation on its files, one after the other, while transactions are sent, ended, asked
// about and given up. What was acknowledged is there once after the next start, and what was rolled back never.
func TestTransactionsThroughAKillAtEachOperation(t *testing.T) {
	for kill := int64(0); ; kill++ {
		if !killedAt(t, kill) {
			t.Logf("%d operations", kill)
			if kill < 40 {
				t.Errorf("the whole takes %d operations only", kill)
			}
			return
		}
	}
}

// dieAt ends the node before its operation of that number on the file system. ended says whether it has, and is to be called
// once before the scene goes on.
func (s *scene) dieAt(kill int64) (ended func() bool) {
	died := make(chan struct{})
	var done atomic.Int64
	fs, node := s.fs, s.node
	fs.SetHook(func(op vfs.Op) error {
		if harmless(op.Kind) && done.Load() <= kill {
			return nil
		}
		switch n := done.Add(1); {
		case n <= kill:
			return nil
		case n == kill+1:
			go func() {
				fs.Halt()
				node.Close(context.Background())
				close(died)
			}()
		}
		return vfs.ErrHalted
	})
	return func() bool {
		fs.SetHook(nil) // from here on none is counted
		if done.Load() <= kill {
			return false
		}
		<-died
		return true
	}
}

// harmless operations leave nothing behind: a kill before one is a kill before the next that does.
func harmless(kind string) bool {
	return slices.Contains([]string{"read", "usage", "stat", "list", "open", "lock"}, kind)
}

// killedAt plays transactions until operation number kill, and all the rest after another start; it is false where
// there are fewer operations.
func killedAt(t *testing.T, kill int64) (killed bool) {
	t.Helper()
	withNode(t, func(c *Config) { c.TransactionCheckMax, c.TransactionCheckIntervalMillis = 2, 10_000 }, func(s *scene) {
		l := &ledgerOfTest{names: map[string]int32{"commit": commits, "back": rollsBack, "asked": commits, "asked back": rollsBack, "late": commits, "never": unsure,
			"delayed": commits, "timed": commits}}
		p := l.producer(s)
		ended := s.dieAt(kill)
		l.play(p)
		killed = ended()
		s.kill()
		s.open()
		l.finish(s, fmt.Sprintf("killed at operation %d", kill))
	})
	return killed
}

// ledgerOfTest is what the producer knows: how each transaction ends, by its unique key.
type ledgerOfTest struct {
	names map[string]int32
	sent  map[string]sentHalf // acknowledged
	ended map[string]bool     // acknowledged
	after atomic.Bool         // the kill
}

// play sends and ends as long as the node answers. Those whose names begin with "asked" are ended by checks, "late" after
// one.
func (l *ledgerOfTest) play(p *peer) {
	l.sent, l.ended = map[string]sentHalf{}, map[string]bool{}
	for _, name := range []string{"commit", "back", "asked", "asked back", "late", "never", "delayed", "timed"} {
		l.send(p, name)
	}
	l.end(p, "delayed")
	l.end(p, "timed")
	l.end(p, "commit")
	l.end(p, "back")
	time.Sleep(11 * time.Second)
	l.end(p, "late")
	time.Sleep(31 * time.Second)
}

// waiting are the properties of those that come a while after their commit.
var waiting = map[string][]string{"delayed": {"DELAY", "3"}, "timed": {"TIMER_DELAY_SEC", "5"}}

func (l *ledgerOfTest) send(p *peer, name string) {
	answer := p.askWithin(5*time.Second, protocol.SendMessageV2, transactional("T", name, waiting[name]...), []byte(name))
	if answer == nil || answer.Code != protocol.Success {
		return
	}
	var sent protocol.SendMessageResponse
	if err := sent.Decode(answer.Ext); err != nil {
		p.s.t.Error(err)
	}
	sent.MsgID = slices.Clone(sent.MsgID)
	l.sent[name] = p.asSent(sent)
}

func (l *ledgerOfTest) end(p *peer, name string) {
	sent, known := l.sent[name]
	if !known {
		return
	}
	answer := p.askWithin(5*time.Second, protocol.EndTransaction, sent.end(l.names[name]), nil)
	l.ended[name] = answer != nil && answer.Code == protocol.Success
}

// producer is one whose answer to a check is that of its transaction, but for "late" before the kill.
func (l *ledgerOfTest) producer(s *scene) *peer {
	p := &producer{peer: &peer{s: s}, decide: func(c check) int32 {
		if c.MsgID == "late" && !l.after.Load() {
			return unsure
		}
		return l.names[c.MsgID]
	}}
	p.join("one")
	return p.peer
}

// finish lets checks end what is open, repeats every end, and looks.
func (l *ledgerOfTest) finish(s *scene, when string) {
	s.t.Helper()
	for name, sent := range l.sent {
		if l.names[name] != unsure && l.ended[name] {
			s.dial().askWithin(5*time.Second, protocol.EndTransaction, sent.end(l.names[name]), nil)
		}
	}
	l.after.Store(true)
	p := l.producer(s)
	time.Sleep(time.Duration(5*s.config.TransactionCheckIntervalMillis+1000) * time.Millisecond)
	for name, half := range l.sent {
		if l.names[name] != unsure {
			p.askWithin(5*time.Second, protocol.EndTransaction, half.end(l.names[name]), nil)
		}
	}
	settle()
	seen := map[string]int{}
	for _, body := range p.bodies("T", 0) {
		if waiting[body] == nil { // a kill may have others come once more
			seen[body]++
		} else {
			seen[body] = 1
		}
	}
	for name, queue := range map[string]int32{topic.ScheduleTopic: 2, topic.TimerTopic: 0} {
		if waits := p.bodies(name, queue); len(waits) > 1 {
			s.t.Errorf("%s: %q were committed to %s", when, waits, name)
		}
	}
	for name, how := range l.names {
		_, acknowledged := l.sent[name]
		switch {
		case how != commits && seen[name] > 0:
			s.t.Errorf("%s: %q is seen", when, name)
		case seen[name] > 1:
			s.t.Errorf("%s: %q is there %d times", when, name, seen[name])
		case how == commits && acknowledged && seen[name] == 0:
			s.t.Errorf("%s: %q is lost", when, name)
		}
	}
	if log := s.log.take(); strings.Contains(log, "BUG") {
		s.t.Errorf("%s: %s", when, log)
	}
}

// A power loss takes the newest of the log. What is left is whole: an open transaction is asked about again.
func TestTransactionsThroughAPowerLoss(t *testing.T) {
	for seed := range uint64(20) {
		withNode(t, nil, func(s *scene) {
			l := &ledgerOfTest{names: map[string]int32{"commit": commits, "back": rollsBack, "asked": commits}}
			l.sent, l.ended = map[string]sentHalf{}, map[string]bool{}
			p := l.producer(s)
			for name := range l.names {
				l.send(p, name)
			}
			time.Sleep(15 * time.Second) // the half messages are on the disk
			l.end(p, "commit")
			l.end(p, "back")
			time.Sleep(time.Duration(seed) * 300 * time.Millisecond)
			s.fs.Halt()
			s.node.Close(context.Background())
			s.node, s.fs = nil, s.fs.AfterPowerLoss(rand.New(rand.NewPCG(seed, 0)))
			s.open()
			l.finish(s, fmt.Sprintf("seed %d", seed))
		})
	}
}
