package session_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

const (
	time500  = 500 * time.Millisecond
	time1000 = time.Second
)

// pairs is a Header of keys and values in turn.
type pairs []string

func (f pairs) Encode(w *remoting.FieldWriter) {
	for i := 0; i < len(f); i += 2 {
		w.String(f[i], f[i+1])
	}
}

func TestFramesCrossByteForByteBothWays(t *testing.T) {
	for _, kind := range []remoting.HeaderKind{remoting.JSON, remoting.ROCKETMQ} {
		t.Run(fmt.Sprint(kind), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				s := w.start("node")
				response := &remoting.Response{Code: 7, Remark: "höflich", Header: pairs{"msgId", "A0"}, Body: []byte{0, 1, 2}}
				s.on(protocol.SendMessage, func(_ *remoting.Command, to remoting.Responder) { to.Reply(response) })
				c := w.client()
				c.opaque = 4710
				request := c.send(&remoting.Request{Code: protocol.SendMessage, Kind: kind, Header: pairs{"topic", "T", "ünknown", "x"}, Body: []byte("hello")})
				synctest.Wait()
				if !s.wire.has(request) {
					t.Error("the request did not reach the node as it was")
				}
				c.mu.Lock()
				defer c.mu.Unlock()
				if want := remoting.AppendResponse(nil, kind, 4711, response); len(c.got) != 1 || !bytes.Equal(c.got[0], want) {
					t.Errorf("the client got %q, want %q", c.got, want)
				}
			})
		})
	}
}

func TestTheNodeSeesTheClientsOwnAddress(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node")
		a, b := w.client(), w.client()
		a.ask(protocol.SendMessage, "a")
		synctest.Wait()
		b.ask(protocol.SendMessage, "b")
		came := s.requests()
		for i, want := range []string{"10.0.0.1:4711", "10.0.0.2:4711"} {
			if got := came[i].from.Remote.String(); got != want {
				t.Errorf("request %d came from %s, want %s", i, got, want)
			}
			if got := came[i].from.Local.String(); got != "192.168.0.1:10911" {
				t.Errorf("request %d came to %s", i, got)
			}
		}
		if came[0].from == came[1].from {
			t.Error("two clients share a channel")
		}
	})
}

func TestRequestsOfASessionKeepTheirOrderPerClass(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client() // before the node: some wait, some go straight through
		var sends, pulls []string
		s := (*storage)(nil)
		for i := range 400 {
			if i == 200 {
				s = w.start("node")
			}
			c.ask(protocol.SendMessage, fmt.Sprint("s", i))
			c.ask(protocol.PullMessage, fmt.Sprint("p", i))
			sends, pulls = append(sends, fmt.Sprint("s", i)), append(pulls, fmt.Sprint("p", i))
			if i > 200 {
				time.Sleep(time.Millisecond / 4)
			}
		}
		w.pass(time1000)
		w.want("sends", s.bodies(protocol.SendMessage), strings.Join(sends, " "))
		w.want("pulls", s.bodies(protocol.PullMessage), strings.Join(pulls, " "))
		if got := len(c.answers()); got != 800 {
			t.Errorf("%d answers", got)
		}
	})
}

func TestAOnewayRightBeforeTheDisconnectIsCarriedOut(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node")
		for i := range 50 {
			c := w.client()
			c.send(&remoting.Request{Code: protocol.SendMessage, Oneway: true, Body: []byte(fmt.Sprint(i))})
			c.raw.Close()
		}
		came := s.requests()
		if len(came) != 50 || !came[0].oneway {
			t.Errorf("%d of 50 oneway requests came", len(came))
		}
		if gone := s.departed(); len(gone) != 50 {
			t.Errorf("%d of 50 channels closed", len(gone))
		}
	})
}

func TestAHeartbeatRightBeforeTheDisconnectMakesNoGhost(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node")
		alive := map[*remoting.Channel]bool{}
		s.on(protocol.HeartBeat, func(_ *remoting.Command, to remoting.Responder) {
			s.mu.Lock()
			for _, ch := range s.gone {
				if ch == to.Channel {
					t.Error("a heartbeat came on a closed channel")
				}
			}
			alive[to.Channel] = true
			s.mu.Unlock()
			to.Reply(&remoting.Response{})
		})
		for range 100 {
			c := w.client()
			c.ask(protocol.HeartBeat, "hb")
			c.raw.Close()
		}
		if gone := s.departed(); len(gone) != 100 || len(alive) != 100 {
			t.Errorf("%d alive, %d gone", len(alive), len(gone))
		}
	})
}

func TestADisconnectClosesTheChannelOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node")
		a, b := w.client(), w.client()
		a.ask(protocol.HeartBeat, "a")
		synctest.Wait()
		b.ask(protocol.HeartBeat, "b")
		came := s.requests()
		a.raw.Close()
		if gone := s.departed(); len(gone) != 1 || gone[0] != came[0].from {
			t.Fatalf("%d channels gone, want a's", len(gone))
		}
		if _, err := came[0].from.Invoke(context.Background(), &remoting.Request{Code: 40}); err == nil {
			t.Error("a closed channel was asked")
		}
		s.stop()
		if gone := s.departed(); len(gone) != 2 {
			t.Errorf("%d channels gone after the node's end, want 2", len(gone))
		}
	})
}

func TestAProxysDeathClosesItsSessionsAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node")
		for range 20 {
			w.client().ask(protocol.HeartBeat, "hb")
		}
		if n := len(s.requests()); n != 20 {
			t.Fatalf("%d heartbeats", n)
		}
		before := time.Now()
		w.closeProxy()
		if gone := s.departed(); len(gone) != 20 || time.Since(before) > time.Second {
			t.Errorf("%d of 20 channels gone after %v", len(gone), time.Since(before))
		}
	})
}

func TestANodesQuestionsReachTheRightClient(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node")
		a, b := w.client(), w.client()
		a.ask(protocol.HeartBeat, "a")
		synctest.Wait()
		b.ask(protocol.HeartBeat, "b")
		came := s.requests()
		a.answers()
		b.answers()
		type outcome struct {
			c   *remoting.Command
			err error
		}
		done := make(chan outcome)
		go func() {
			got, err := came[1].from.Invoke(context.Background(), &remoting.Request{Code: 220, Body: []byte("reset?")})
			done <- outcome{got, err}
		}()
		asked := b.answers()
		if len(asked) != 1 || asked[0].Code != 220 || string(asked[0].Body) != "reset?" || asked[0].IsResponse() {
			t.Fatalf("b was asked %+v", asked)
		}
		b.raw.Write(remoting.AppendResponse(nil, remoting.JSON, asked[0].Opaque, &remoting.Response{Body: []byte("done")}))
		if o := <-done; o.err != nil || string(o.c.Body) != "done" {
			t.Errorf("the node got %+v, %v", o.c, o.err)
		}
		came[0].from.Oneway(&remoting.Request{Code: protocol.NotifyConsumerIdsChanged, Body: []byte("changed")})
		told := a.answers()
		if len(told) != 1 || !told[0].IsOneway() || string(told[0].Body) != "changed" {
			t.Errorf("a was told %+v", told)
		}
		w.want("b was told", b.bodies(), "")
	})
}

func TestAQuietProxyIsNotCut(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.start("node") // with the idle bound that every connection has
		w.pass(10 * time.Minute)
		if w.log.count("lost") != 0 || !w.up.Joined() {
			t.Errorf("after ten quiet minutes:\n%s", &w.log)
		}
	})
}

func TestABadFrameEndsItsConnectionOnly(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node")
		a, b := w.client(), w.client()
		a.raw.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		b.ask(protocol.SendMessage, "b")
		w.want("b's answer", b.bodies(), "b")
		if gone := s.departed(); len(gone) != 1 {
			t.Errorf("%d channels gone, want a's", len(gone))
		}
	})
}
