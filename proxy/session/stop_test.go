package session_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

func TestADrainWaitsForAnswersButNotForPulls(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node", protocol.SendMessage, protocol.PullMessage)
		c := w.client()
		c.ask(protocol.PullMessage, "p")
		synctest.Wait()
		started := time.Now()
		w.up.Settled(context.Background())
		if waited := time.Since(started); waited != 0 {
			t.Errorf("a held pull was waited for: %v", waited)
		}
		c.ask(protocol.SendMessage, "m")
		synctest.Wait()
		bounded, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		w.up.Settled(bounded)
		if bounded.Err() == nil {
			t.Fatal("a send under way was not waited for")
		}
		came := s.requests()
		came[1].to.Reply(&remoting.Response{})
		w.up.Settled(context.Background())
		if n := len(c.answers()); n != 1 {
			t.Errorf("%d answers after the drain", n)
		}
	})
}

func TestWhatWasSentLastIsTakenBeforeTheEnd(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node")
		slow := func(_ *remoting.Command, to remoting.Responder) { time.Sleep(100 * time.Millisecond); to.Drop() }
		s.on(protocol.SendMessage, slow)
		c := w.client()
		for range 5 {
			c.send(&remoting.Request{Code: protocol.SendMessage, Oneway: true})
		}
		c.ask(protocol.HeartBeat, "quick")
		synctest.Wait()
		w.up.Drain()
		w.up.Settled(context.Background())
		began := time.Now()
		w.up.Finish(context.Background())
		if waited := time.Since(began); waited < 400*time.Millisecond || waited > 500*time.Millisecond {
			t.Errorf("the node was given %v for what takes it half a second", waited)
		}
		w.closeProxy()
		if n := len(s.requests()); n != 6 {
			t.Errorf("%d requests of 6 came", n)
		}
	})
}

func TestTheEndIsNotWaitedForLongerThanTold(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node")
		s.on(protocol.SendMessage, func(_ *remoting.Command, to remoting.Responder) { time.Sleep(time.Minute); to.Drop() })
		w.client().send(&remoting.Request{Code: protocol.SendMessage, Oneway: true})
		synctest.Wait()
		bounded, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		began := time.Now()
		w.up.Finish(bounded)
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("waited %v", waited)
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

func TestAProxyThatDrainsRefusesWhatComes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.start("node")
		c := w.client()
		c.ask(protocol.SendMessage, "before")
		w.want("before", c.bodies(), "before")
		w.up.Drain()
		c.ask(protocol.SendMessage, "after")
		c.send(&remoting.Request{Code: protocol.SendMessage, Oneway: true})
		c.ask(protocol.QueryConsumerOffset, "silence")
		w.want("after", c.bodies(), "1: the proxy is stopping")
		w.want("at the node", s.bodies(protocol.SendMessage), "before")
	})
}

func TestAProxyThatStopsAnswersWhatWaits(t *testing.T) {
	for name, joined := range map[string]bool{"at the node": true, "for the node": false} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				if joined {
					w.start("node", protocol.PullMessage)
				}
				c := w.client()
				c.ask(protocol.PullMessage, "p")
				w.want("before", c.bodies(), "")
				w.closeProxy()
				w.want("after", c.bodies(), "1: the proxy is stopping")
			})
		})
	}
}
