package session_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gantry/proxy/session"
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

// A node that was stopped before the client came.
func TestAClientOfANodeThatTakesNoNoteOfItIsRefusedInTime(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node")
		release := s.deafTo(t, protocol.HeartBeat)
		w.client().ask(protocol.HeartBeat, "hb")
		synctest.Wait() // what is announced behind it is not read
		c := w.client()
		c.ask(protocol.SendMessage, "m")
		w.pass(1900 * time.Millisecond)
		w.want("before", c.bodies(), "")
		w.pass(300 * time.Millisecond)
		w.want("after 2 s", c.bodies(), "1: the storage node cannot be reached: it is connected and does not answer")
		release()
		c.ask(protocol.SendMessage, "again")
		w.want("when it goes on", c.bodies(), "again")
	})
}

// deafTo makes a node read nothing behind a request of some code on its
// connection until release is called, or the test ends.
func (s *storage) deafTo(t *testing.T, code int32) (release func()) {
	wait := make(chan struct{})
	s.on(code, func(c *remoting.Command, to remoting.Responder) { <-wait; to.Reply(&remoting.Response{}) })
	release = sync.OnceFunc(func() { close(wait) })
	t.Cleanup(release)
	return release
}

// flood lets a client send as fast as it can, and returns how many it could.
func (c *client) flood(requests int, body string) *atomic.Int32 {
	sent := new(atomic.Int32)
	go func() {
		for range requests {
			c.ask(protocol.SendMessage, body)
			sent.Add(1)
		}
	}()
	return sent
}

func TestClientsWhoseNodeDoesNotReadForAWhileAreHeldBack(t *testing.T) {
	inWorldWith(t, upstream.Config{Limits: remoting.Limits{OutBytes: 2 << 20}}, func(t *testing.T, w *world) {
		s := w.start("node")
		release := s.deafTo(t, protocol.SendMessage)
		const clients, each = 50, 8
		var sent []*atomic.Int32
		for range clients {
			sent = append(sent, w.client().flood(each, strings.Repeat("x", 100<<10)))
		}
		w.pass(1900 * time.Millisecond)
		finished := 0
		for _, n := range sent {
			finished += int(n.Load()) / each
		}
		if finished > 5 { // a few, into the buffers on the way
			t.Errorf("%d clients could send all to a node that does not read", finished)
		}
		other := w.client() // its other classes go on
		other.ask(protocol.HeartBeat, "hb")
		w.want("a heartbeat meanwhile", other.bodies(), "hb")
		release()
		w.pass(time.Second)
		if n := len(s.requests()); n != clients*each+1 || w.log.count("lost") != 0 { // of connections cut for what waits in them
			t.Errorf("%d requests came in the end:\n%s", n, &w.log)
		}
	})
}

// A node that is merely stopped.
func TestClientsOfANodeThatDoesNotReadAreRefusedBeforeTheyLosePatience(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node")
		release := s.deafTo(t, protocol.SendMessage)
		c := w.client()
		sent := c.flood(40, strings.Repeat("x", 100<<10))
		w.pass(1900 * time.Millisecond)
		w.want("before", c.bodies(), "")
		w.pass(200 * time.Millisecond)
		refused := c.answers()
		if sent.Load() != 40 || len(refused) < 10 || len(refused) > 30 {
			t.Errorf("after 2.1 s %d are sent and %d refused", sent.Load(), len(refused))
		}
		for _, r := range refused {
			if r.Code != protocol.SystemError || r.Remark != "the storage node has taken no requests for 2s" {
				t.Fatalf("refused with %d %s", r.Code, r.Remark)
			}
		}
		c.ask(protocol.SendMessage, "late")
		w.want("another one, at once", c.bodies(), "1: the storage node has taken no requests for 2s")
		c.ask(protocol.HeartBeat, "hb")
		w.want("another class", c.bodies(), "hb")
		release()
		w.pass(time.Second)
		c.answers()
		c.ask(protocol.SendMessage, "when it goes on")
		if got := s.bodies(protocol.SendMessage); !strings.HasSuffix(got, "when it goes on") || strings.Contains(got, "late") {
			t.Errorf("the node got %.100q", got)
		}
		if n := len(s.requests()); n != 40-len(refused)+2 || w.log.count("lost") != 0 {
			t.Errorf("%d requests came:\n%s", n, &w.log)
		}
	})
}

func TestWhatAProxyCarriesAtOnceIsBounded(t *testing.T) {
	for name, row := range map[string]struct {
		bounds upstream.Bounds
		code   int32
		body   int // bytes
		want   string
		others bool // whether that concerns other clients too
	}{
		"requests of a client":    {upstream.Bounds{ClientRequests: 3}, protocol.SendMessage, 0, "more than 3 requests of this client are under way (proxyClientRequests)", false},
		"their bytes":             {upstream.Bounds{ClientBytes: 4000}, protocol.SendMessage, 1200, "more than 4000 bytes of requests of this client are under way (proxyClientRequestBytes)", false},
		"requests of all clients": {upstream.Bounds{Requests: 3}, protocol.SendMessage, 0, "more than 3 requests of all clients are under way (proxyRequests)", true},
		"all their bytes":         {upstream.Bounds{RequestBytes: 4000}, protocol.SendMessage, 1200, "more than 4000 bytes of requests of all clients are under way (proxyRequestBytes)", true},
		"held pulls":              {upstream.Bounds{HeldPulls: 3}, protocol.PullMessage, 0, "more than 3 pulls of all clients are under way (proxyHeldPulls)", true},
	} {
		t.Run(name, func(t *testing.T) {
			inBounds(t, row.bounds, func(t *testing.T, w *world) {
				s := w.start("node", protocol.SendMessage, protocol.PullMessage)
				c, other := w.client(), w.client()
				body := strings.Repeat("x", row.body)
				for range 3 {
					c.ask(row.code, body)
				}
				w.want("within the bound", c.bodies(), "")
				busy := "2: [OVERLOAD]system busy, " + row.want
				c.ask(row.code, body)
				w.want("beyond it", c.bodies(), busy)
				other.ask(row.code, body)
				if got := other.bodies(); (got == busy) != row.others {
					t.Errorf("another client is told %q", got)
				}
				c.ask(protocol.QueryConsumerOffset, "o")
				if got := c.bodies(); row.code == protocol.PullMessage && got != "o" || row.code != protocol.PullMessage && strings.Contains(got, "2:") {
					t.Errorf("code 14 is told %q", got) // no answer is better than one that says no offset
				}
				s.requests()[0].to.Reply(&remoting.Response{Body: []byte("done")})
				w.want("the first one's answer", c.bodies(), "done")
				c.ask(row.code, body)
				w.want("in its place", c.bodies(), "")
				if n := w.log.count("requests refused"); n != 1 {
					t.Errorf("%d lines:\n%s", n, &w.log)
				}
			})
		})
	}
}

func TestWhoLeavesGivesBackWhatItTook(t *testing.T) {
	inBounds(t, upstream.Bounds{Requests: 3, Sessions: 2}, func(t *testing.T, w *world) {
		s := w.start("node", protocol.SendMessage)
		for range 5 {
			c := w.client()
			for range 3 {
				c.ask(protocol.SendMessage, "m")
			}
			w.want("a client's", c.bodies(), "")
			c.raw.Close()
			synctest.Wait()
		}
		s.stop() // and where they wait for the node
		for range 5 {
			c := w.client()
			for range 3 {
				c.ask(protocol.SendMessage, "m")
			}
			w.want("a waiting client's", c.bodies(), "")
			c.raw.Close()
			synctest.Wait()
		}
		w.start("node")
		c := w.client()
		for range 20 { // answered, refused and oneway
			c.ask(protocol.SendMessage, "m")
			c.send(&remoting.Request{Code: protocol.SendMessage, Oneway: true})
			w.want("answered", c.bodies(), "m")
		}
	})
}

func TestAClientBeyondTheSessionsIsCutWithALogLine(t *testing.T) {
	inBounds(t, upstream.Bounds{Sessions: 1}, func(t *testing.T, w *world) {
		w.start("node")
		c, beyond := w.client(), w.client()
		synctest.Wait()
		beyond.mu.Lock()
		if !beyond.ended {
			t.Error("the second client is still there")
		}
		beyond.mu.Unlock()
		if w.log.count("more than 1 sessions of clients with storage nodes are open (proxySessions)") == 0 {
			t.Errorf("logged\n%s", &w.log)
		}
		c.ask(protocol.HeartBeat, "hb")
		w.want("the first", c.bodies(), "hb")
		c.raw.Close()
		synctest.Wait()
		third := w.client()
		third.ask(protocol.HeartBeat, "hb")
		w.want("when it has left", third.bodies(), "hb")
	})
}

func inBounds(t *testing.T, b upstream.Bounds, tell func(t *testing.T, w *world)) {
	t.Helper()
	inWorldWith(t, upstream.Config{Bounds: b}, tell)
}

// A client that asks for much and does not read: it is held up, then cut; who
// shares its node does not notice.
func TestAClientThatDoesNotReadIsCutAlone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node")
		s.on(protocol.PullMessage, func(_ *remoting.Command, to remoting.Responder) {
			to.Reply(&remoting.Response{Body: make([]byte, 256<<10)})
		})
		limited := remoting.NewServer(slog.New(slog.NewTextHandler(&w.log, nil)), remoting.Limits{OutBytes: 4 << 20, HoldBytes: 32 << 20}, 0)
		t.Cleanup(func() { limited.Close(context.Background()) })
		limited.Serve(w.listen("limited", true), func(c *remoting.Conn) remoting.FrameHandler { return session.Open(c, w.up, policyOf) })
		deaf, err := w.network.Dial(context.Background(), "limited")
		if err != nil {
			t.Fatal(err)
		}
		defer deaf.Close()
		other := w.client()
		for range 64 {
			deaf.Write(remoting.AppendRequest(nil, 1, &remoting.Request{Code: protocol.PullMessage}))
		}
		other.ask(protocol.PullMessage, "")
		if n := len(other.answers()); n != 1 {
			t.Errorf("another client got %d answers", n)
		}
		if w.log.count("peer does not read: more than 4194304 bytes wait for it") != 1 || len(s.departed()) != 1 {
			t.Errorf("logged\n%s", &w.log)
		}
	})
}
