package session_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/proxy/upstream"
	"gantry/remoting"
	"gantry/remoting/protocol"
	node "gantry/storenode/session"
)

func TestWhatIsUnderWayWhenTheNodeIsLost(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.start("node", protocol.SendMessage, protocol.PullMessage, protocol.QueryConsumerOffset)
		c := w.client()
		c.ask(protocol.SendMessage, "send")
		c.ask(protocol.PullMessage, "pull")
		c.ask(protocol.QueryConsumerOffset, "offset")
		synctest.Wait()
		first.stop()
		if got := c.bodies(); !strings.HasPrefix(got, "1: outcome unknown, the connection to the storage node was lost") {
			t.Fatalf("at the loss the client got %q", got)
		}
		second := w.start("node")
		w.want("sends at the second node", second.bodies(protocol.SendMessage), "")
		got := strings.Fields(c.bodies())
		if len(got) != 2 || !strings.Contains("pull offset pull", strings.Join(got, " ")) {
			t.Errorf("from the second node the client got %q", got)
		}
	})
}

func TestRequestsWaitForANodeThatIsAway(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.start("node").stop()
		c := w.client()
		for i, code := range []int32{protocol.SendMessage, protocol.PullMessage, protocol.HeartBeat, protocol.QueryConsumerOffset} {
			c.ask(code, fmt.Sprint("r", i))
		}
		w.pass(1300 * time.Millisecond)
		w.want("while the node is away", c.bodies(), "")
		w.start("node")
		if got := strings.Fields(c.bodies()); len(got) != 4 {
			t.Errorf("when it is back: %q", got)
		}
	})
}

func TestWhatIsSaidOfANodeThatStaysAway(t *testing.T) {
	for name, row := range map[string]struct {
		code  int32
		after time.Duration // the client is told within 200 ms of it; 0: never
	}{
		"a send is refused":        {protocol.SendMessage, 2 * time.Second},
		"a heartbeat is refused":   {protocol.HeartBeat, 2 * time.Second},
		"a pull waits":             {protocol.PullMessage, 15 * time.Second},
		"code 14 gets silence":     {protocol.QueryConsumerOffset, 0},
		"code 38 gets silence":     {protocol.GetConsumerListByGroup, 0},
		"an unknown code is sent":  {4711, 2 * time.Second},
		"an unregister is refused": {protocol.UnregisterClient, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				c := w.client()
				c.ask(row.code, "x")
				if row.after == 0 {
					w.pass(time.Minute)
					w.start("node")
					w.want("in all", c.bodies(), "")
					return
				}
				w.pass(row.after - time.Millisecond)
				w.want("before", c.bodies(), "")
				w.pass(200 * time.Millisecond)
				if got := c.bodies(); !strings.HasPrefix(got, "1: the storage node cannot be reached: ") {
					t.Errorf("after %v the client got %q", row.after, got)
				}
			})
		})
	}
}

func TestAPullThatANodeHeldLongWaitsForTheNextOneInFull(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client()
		c.ask(protocol.PullMessage, "p")
		for range 2 {
			w.pass(5 * time.Second)
			s := w.start("node", protocol.PullMessage)
			w.pass(14 * time.Second)
			w.want("held", c.bodies(), "")
			s.stop()
		}
		w.pass(14 * time.Second)
		w.want("14 s after the second loss", c.bodies(), "")
		w.start("node")
		w.want("from the third node", c.bodies(), "p")
	})
}

func TestTheWaitOfOtherRequestsIsCountedOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client()
		c.ask(protocol.GetMinOffset, "x")
		for range 3 {
			w.pass(550 * time.Millisecond)
			s := w.startWith("node", node.Config{}, protocol.GetMinOffset)
			w.pass(100 * time.Millisecond)
			s.stop()
		}
		w.pass(400 * time.Millisecond)
		if got := c.bodies(); !strings.HasPrefix(got, "1: the storage node cannot be reached") {
			t.Errorf("after more than 2 s in all the client got %q", got)
		}
	})
}

func TestANodeThatMovesIsFollowedAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.start("node")
		c := w.client()
		c.ask(protocol.HeartBeat, "hb")
		w.want("first", c.bodies(), "hb")
		second := w.startWith("elsewhere", node.Config{})
		w.up.Move("elsewhere")
		w.pass(50 * time.Millisecond)
		c.ask(protocol.SendMessage, "m")
		w.want("answers", c.bodies(), "m")
		w.want("at the new address", second.bodies(protocol.SendMessage), "m")
		w.want("its heartbeat", second.bodies(protocol.HeartBeat), "hb")
		if gone := first.departed(); len(gone) != 1 {
			t.Errorf("%d channels gone at the old address", len(gone))
		}
		w.up.Move("elsewhere") // as every registration says again
		w.pass(time.Second)
		if n := w.log.count("joined"); n != 2 {
			t.Errorf("joined %d times:\n%s", n, &w.log)
		}
	})
}

func TestAMoveEndsAnAttemptElsewhere(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.listen("node", false) // nobody accepts: dialling hangs
		s := w.startWith("elsewhere", node.Config{})
		w.pass(time.Second)
		w.up.Move("elsewhere")
		w.pass(10 * time.Millisecond)
		c := w.client()
		c.ask(protocol.SendMessage, "m")
		w.want("at the new address", s.bodies(protocol.SendMessage), "m")
	})
}

func TestTheSameTroubleIsSaidOnceAMinute(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.startWith("node", node.Config{ClusterKey: "secret"})
		w.pass(59 * time.Second)
		for _, line := range []string{"does not prove this cluster's clusterKey", "proxy refused"} {
			if n := w.log.count(line); n != 1 {
				t.Errorf("%q was said %d times within a minute:\n%s", line, n, &w.log)
			}
		}
		if w.up.Joined() {
			t.Error("a proxy without the key was taken")
		}
		w.pass(5 * time.Minute)
		if n := strings.Count(w.log.String(), "\n"); n > 13 {
			t.Errorf("%d lines in 6 minutes:\n%s", n, &w.log)
		}
		before := w.log.count("connection refused")
		s.stop()
		w.pass(time.Second)
		if n := w.log.count("connection refused") - before; n != 1 {
			t.Errorf("another trouble was said %d times", n)
		}
	})
}

func TestANodeThatDropsItsProxyAgainAndAgainFillsNoLog(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		attempts := 0
		for start := time.Now(); time.Since(start) < 50*time.Second; attempts++ {
			s := w.startWith("node", node.Config{})
			for !w.up.Joined() {
				w.pass(time.Millisecond)
			}
			s.stop()
			w.pass(time.Millisecond)
		}
		if n := strings.Count(w.log.String(), "\n"); n > 6 || attempts < 50 {
			t.Errorf("%d lines of %d attempts:\n%s", n, attempts, &w.log)
		}
		if attempts > 200 {
			t.Errorf("%d attempts in 50 s", attempts)
		}
	})
}

func TestTheRightKeyIsTaken(t *testing.T) {
	inWorldWith(t, upstream.Config{ClusterKey: "secret"}, func(t *testing.T, w *world) {
		s := w.startWith("node", node.Config{ClusterKey: "secret"})
		w.awaitJoined()
		c := w.client()
		c.ask(protocol.SendMessage, "m")
		w.want("at the node", s.bodies(protocol.SendMessage), "m")
	})
}

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

func TestAProxyCanCloseWhileANodeDoesNotRead(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node")
		release := make(chan struct{})
		s.on(protocol.SendMessage, func(_ *remoting.Command, to remoting.Responder) { <-release; to.Drop() })
		c := w.client()
		go func() {
			frame := remoting.AppendRequest(nil, 1, &remoting.Request{Code: protocol.SendMessage, Body: make([]byte, 100<<10)})
			for range 50 {
				c.raw.Write(frame)
			}
		}()
		w.pass(time.Second)
		w.closeProxy()
		close(release)
	})
}
