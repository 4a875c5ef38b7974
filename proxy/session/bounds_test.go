package session_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/proxy/upstream"
	"gantry/remoting"
	"gantry/remoting/protocol"
)

func TestRequestsBeyondTheBoundAreRefusedWithIt(t *testing.T) {
	inWorldWith(t, upstream.Config{WaitingBytes: 10_000}, func(t *testing.T, w *world) {
		c := w.client()
		c.ask(protocol.PullMessage, strings.Repeat("x", 9_000))
		w.want("the first", c.bodies(), "")
		c.ask(protocol.PullMessage, strings.Repeat("x", 2_000))
		w.want("the second", c.bodies(), "1: more than 10000 bytes of requests would wait for the storage node")
		c.ask(protocol.QueryConsumerOffset, strings.Repeat("x", 2_000))
		w.want("code 14", c.bodies(), "")
		c.raw.Close()
		synctest.Wait()
		d := w.client() // the room of who left is free again
		d.ask(protocol.PullMessage, strings.Repeat("x", 9_000))
		w.want("of another client", d.bodies(), "")
		w.pass(20 * time.Second)
		d.answers()
		d.ask(protocol.PullMessage, strings.Repeat("x", 9_000)) // and that of what was given up
		w.want("after a refusal", d.bodies(), "")
	})
}

func TestAClientWhoseNodeDoesNotReadIsHeldBack(t *testing.T) {
	inWorldWith(t, upstream.Config{Limits: remoting.Limits{OutBytes: 2 << 20}}, func(t *testing.T, w *world) {
		s := w.start("node")
		release := make(chan struct{})
		s.on(protocol.SendMessage, func(_ *remoting.Command, to remoting.Responder) { <-release; to.Reply(&remoting.Response{}) })
		const clients, each = 50, 8
		body := strings.Repeat("x", 100<<10)
		finished := make(chan struct{}, clients)
		for range clients {
			c := w.client()
			go func() {
				for range each {
					c.ask(protocol.SendMessage, body)
				}
				finished <- struct{}{}
			}()
		}
		w.pass(10 * time.Second)
		if len(finished) > 5 { // a few, into the buffers on the way
			t.Errorf("%d clients could send all to a node that does not read", len(finished))
		}
		other := w.client() // its other classes go on
		other.ask(protocol.HeartBeat, "hb")
		w.want("a heartbeat meanwhile", other.bodies(), "hb")
		close(release)
		w.pass(time.Second)
		if n := len(s.requests()); n != clients*each+1 || w.log.count("lost") != 0 { // of connections cut for what waits in them
			t.Errorf("%d requests came in the end:\n%s", n, &w.log)
		}
	})
}
