package storenode

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"gantry/remoting/protocol"
)

func TestAChangeOfRolesIsTold(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.dial().send(to("T"), "m")
		p := s.dial()
		p.commit("T", 1)
		for _, step := range []struct {
			role string
			id   int64
			told string
		}{
			{"ASYNC_MASTER", 0, ""},
			{"SLAVE", 1, "was the master and is a slave now"},
			{"SLAVE", 1, ""},
			{"SLAVE", 2, "a slave under another brokerId"},
			{"SYNC_MASTER", 0, "was a slave and is the master now"},
		} {
			s.close()
			s.config.BrokerRole, s.config.BrokerID = step.role, step.id
			s.log.take()
			s.open()
			said := s.log.take()
			if told := strings.Contains(said, "log_end="); told != (step.told != "") || !strings.Contains(said, step.told) {
				t.Errorf("as %s %d: %s", step.role, step.id, said)
			}
		}
	})
}

func TestAnotherBrokersStoreIsTold(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.dial().send(to("T"), "m")
		s.close()
		for _, name := range []string{"node.json", "node.json.bak"} {
			if err := s.fs.Remove("/store/gantry/" + name); err != nil {
				t.Fatal(err)
			}
		}
		s.log.take()
		s.open()
		if said := s.log.take(); !strings.Contains(said, "the store of another broker is taken over") {
			t.Error(said)
		}
	})
}

// What a consumer had of the former master and the copy has not cannot be
// consumed again; what is stored in its place would be passed over.
func TestOffsetsBehindTheLogAreLoweredByWhoTakesOver(t *testing.T) {
	withNode(t, func(c *Config) { c.BrokerRole, c.BrokerID = "SLAVE", 1 }, func(s *scene) {
		s.dial().commit("T", 7)
		s.close()
		s.config.BrokerRole, s.config.BrokerID = "ASYNC_MASTER", 0
		s.open()
		p := s.dial()
		equal(t, "offset", p.committed("T"), 0)
		p.commit("T", 9)
		s.restart()
		equal(t, "offset of a master that stays one", s.dial().committed("T"), 9)
	})
}

// A message is consumed, and its offset on the disk, before the log's end is. With the power it goes, and another takes its place.
func TestNothingIsPassedOverAfterALossOfPower(t *testing.T) {
	lost := 0
	for seed := range uint64(10) {
		withNode(t, nil, func(s *scene) {
			p := s.dial()
			p.send(to("T"), "old")
			p.commit("T", 1)
			time.Sleep(8 * time.Second) // offsets are saved after five seconds, the log's end after ten
			s.fs.Halt()
			s.node.Close(context.Background()) // only so that its goroutines end; it cannot write any more
			s.node, s.fs = nil, s.fs.AfterPowerLoss(rand.New(rand.NewPCG(seed, 0)))
			s.log.take()
			s.open()
			end := s.node.store.MaxOffset("T", 0)
			if end == 0 {
				lost++
			}
			p = s.dial()
			p.send(to("T"), "new")
			next := p.committed("T")
			equal(t, "next offset", next, end)
			pulled := p.want(protocol.PullMessage, from("T", 0, next), nil, protocol.Success, "")
			if all := messages(t, pulled.Body); len(all) != 1 || string(all[0].Body) != "new" {
				t.Errorf("seed %d: %d messages are pulled from there", seed, len(all))
			}
		})
	}
	if lost == 0 {
		t.Error("no loss of power took the message")
	}
}
