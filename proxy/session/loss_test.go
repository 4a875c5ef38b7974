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

// sentAgain are the bodies of a code's requests that came marked.
func (s *storage) sentAgain(code int32) (bodies []string) {
	for _, h := range s.requests() {
		if h.code == code && h.again {
			bodies = append(bodies, h.body)
		}
	}
	return bodies
}

func TestASendThatTheNodeKnowsAgainIsSentAgainMarked(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.start("node", protocol.SendMessage, protocol.ConsumerSendMsgBack, protocol.EndTransaction)
		c := w.client()
		c.ask(protocol.SendMessage, "UNIQ_KEY 1")
		c.ask(protocol.SendMessage, "no key")
		c.ask(protocol.SendMessage, "UNIQ_KEY 2")
		c.ask(protocol.ConsumerSendMsgBack, "failed")
		c.ask(protocol.EndTransaction, "commit")
		synctest.Wait()
		first.stop()
		w.pass(time.Second)
		if got := c.bodies(); strings.Count(got, "outcome unknown, ") != 2 || strings.Count(got, "1: ") != 2 {
			t.Errorf("at the loss the client got %q", got)
		}
		c.ask(protocol.SendMessage, "UNIQ_KEY 3")
		second := w.start("node")
		w.want("sends at the second node", second.bodies(protocol.SendMessage), "UNIQ_KEY 1 UNIQ_KEY 2 UNIQ_KEY 3")
		w.want("marked", fmt.Sprint(second.sentAgain(protocol.SendMessage), second.sentAgain(protocol.ConsumerSendMsgBack)), "[UNIQ_KEY 1 UNIQ_KEY 2] [failed]")
		if got := len(c.answers()); got != 4 {
			t.Errorf("%d answers, want 4", got)
		}
	})
}

func TestOfASendThatCannotBeSentAgainInTimeTheOutcomeIsUnknown(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node", protocol.SendMessage)
		c := w.client()
		c.ask(protocol.SendMessage, "UNIQ_KEY 1")
		synctest.Wait()
		s.stop()
		synctest.Wait()                           // the loss is known
		c.ask(protocol.SendMessage, "UNIQ_KEY 2") // of which no attempt was made
		w.pass(1900 * time.Millisecond)
		w.want("before", c.bodies(), "")
		w.pass(300 * time.Millisecond)
		got := c.bodies()
		if !strings.HasPrefix(got, "1: outcome unknown, the storage node cannot be reached: ") || strings.Count(got, "outcome unknown") != 1 || strings.Count(got, "1: ") != 2 {
			t.Errorf("the client got %q", got)
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

func TestTheRightKeyIsTaken(t *testing.T) {
	inWorldWith(t, upstream.Config{ClusterKey: "secret"}, func(t *testing.T, w *world) {
		s := w.startWith("node", node.Config{ClusterKey: "secret"})
		w.awaitJoined()
		c := w.client()
		c.ask(protocol.SendMessage, "m")
		w.want("at the node", s.bodies(protocol.SendMessage), "m")
	})
}

func TestAOnewayThatCameWhileTheNodeWasAwayIsSentWhenItReturns(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client()
		c.send(&remoting.Request{Code: protocol.SendMessage, Oneway: true, Body: []byte("o")})
		w.pass(time.Second)
		s := w.start("node")
		w.want("at the node", s.bodies(protocol.SendMessage), "o")
		w.want("answers", c.bodies(), "")
	})
}
