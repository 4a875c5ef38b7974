package storenode

import (
	"strings"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/vfs"
)

// TestColdReadersHoldUpNobody: a disk that takes 20 s for each read of old bytes, and more readers of such than may read
// at once.
func TestColdReadersHoldUpNobody(t *testing.T) {
	withNode(t, func(c *Config) { c.ConcurrentIO = 4 }, func(s *scene) {
		p := s.dial()
		const old = 21_000 // more than counts as recent
		for range old {
			p.send(to("old"), "x")
		}
		p.send(to("new"), "seen")
		s.fs.SetDelay(func(op vfs.Op) time.Duration {
			if op.Kind == "read" && strings.Contains(op.Path, "commitlog/00000000000000000000") {
				return 20 * time.Second
			}
			return 0
		})
		var cold []func() (*remoting.Command, time.Duration)
		for range 8 {
			cold = append(cold, s.dial().later(protocol.PullMessage, from("old", 0, 0), nil))
		}
		begun := time.Now()
		p.send(to("new"), "sent meanwhile")
		c, took := s.dial().later(protocol.PullMessage, from("new", 0, 1), nil)()
		about(t, "a pull of the newest after", took, 0)
		equal(t, "code", c.Code, protocol.Success)
		equal(t, "body", string(messages(t, c.Body)[0].Body), "sent meanwhile")
		about(t, "a send and a pull beside cold readers took", time.Since(begun), 0)
		for _, answer := range cold {
			c, took := answer()
			equal(t, "code", c.Code, protocol.Success)
			if took < 20*time.Second {
				t.Errorf("a cold pull took %v", took)
			}
		}
	})
}
