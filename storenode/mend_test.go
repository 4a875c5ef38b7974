package storenode

import (
	"strings"
	"testing"
	"time"

	"gantry/remoting/protocol"
	"gantry/storenode/vfs"
)

// zero makes a unit of a consume queue zeros.
func (s *scene) zero(queue string, ordinal int64) {
	s.t.Helper()
	f, err := s.fs.Open("/store/consumequeue/" + queue + "/00000000000000000000")
	if err == nil {
		_, err = f.WriteAt(make([]byte, 20), 20*ordinal)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestAPullIsToldAtOnceThatItsQueueIsMended although it would wait for a message, and what it asks for; then it gets it.
func TestAPullIsToldAtOnceThatItsQueueIsMended(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for _, body := range []string{"a", "b", "c"} {
			p.send(to("T"), body)
		}
		time.Sleep(15 * time.Second) // the units are in their file
		s.zero("T/0", 1)
		s.fs.SetDelay(func(op vfs.Op) time.Duration {
			if op.Kind == "read" && strings.Contains(op.Path, "/commitlog/") {
				return time.Minute
			}
			return 0
		})
		s.log.take()
		c, took := p.later(protocol.PullMessage, held("T", 0, 1), nil)()
		about(t, "answered after", took, 0)
		equal(t, "code", c.Code, protocol.SystemError)
		equal(t, "remark "+c.Remark, strings.Contains(c.Remark, "topic T, queue 0, offsets 1 to 1"), true)
		s.fs.SetDelay(nil)
		time.Sleep(10 * time.Minute)
		equal(t, "messages", len(s.dial().stored("T", 0)), 3)
		if lines := s.log.complaints(); strings.Count(lines, "\n") != 1 || !strings.Contains(lines, "made again") {
			t.Errorf("log:\n%s", lines)
		}
	})
}

// TestADelayedMessageWhoseUnitIsDamagedIsDelivered when it is due, and once.
func TestADelayedMessageWhoseUnitIsDamagedIsDelivered(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("Other"), "beside")
		h := to("T")
		h.Properties = props("DELAY", "5") // a minute
		p.send(h, "m")
		time.Sleep(30 * time.Second)
		s.zero("SCHEDULE_TOPIC_XXXX/4", 0)
		time.Sleep(29 * time.Second)
		equal(t, "before its time", len(p.stored("T", 0)), 0)
		time.Sleep(5 * time.Second)
		equal(t, "body", string(p.one("T", 0).Body), "m")
		s.restart()
		time.Sleep(2 * time.Minute)
		equal(t, "body", string(s.dial().one("T", 0).Body), "m")
	})
}
