package storenode

import (
	"strings"
	"testing"
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
