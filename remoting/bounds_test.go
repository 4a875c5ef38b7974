package remoting_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/memnet"
)

// A peer that begins a frame and drips it, or never ends it, is cut however
// often it sends a byte.
func TestAFrameThatIsNotEndedCutsItsConnection(t *testing.T) {
	whole := remoting.AppendRequest(nil, 1, &remoting.Request{Code: 1, Body: make([]byte, 1000)})
	for name, drip := range map[string]time.Duration{
		"half a frame":                       0,
		"a byte a second":                    time.Second,
		"a byte a second, behind whole ones": time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, remoting.Limits{FrameMillis: 30_000}, echo)
				raw := s.raw(t)
				if strings.Contains(name, "behind") {
					for range 5 {
						raw.Write(whole)
						time.Sleep(10 * time.Second)
					}
				}
				began := time.Now()
				raw.Write(whole[:100])
				var dripping sync.WaitGroup
				defer dripping.Wait()
				dripping.Go(func() {
					for at := 100; drip > 0 && at < len(whole); at++ {
						time.Sleep(drip)
						if _, err := raw.Write(whole[at : at+1]); err != nil {
							return
						}
					}
				})
				io.Copy(io.Discard, raw)
				if d := time.Since(began); d < 30*time.Second || d > 36*time.Second {
					t.Errorf("cut after %v", d)
				}
				synctest.Wait()
				if s.log.count() != 1 || !strings.Contains(s.log.String(), "not whole after 30s") {
					t.Errorf("logged %q, want one line", s.log.String())
				}
			})
		})
	}
}

// What the peer sent meanwhile waits because its requests do, not because it is
// slow.
func TestAFrameBehindASlowHandlerIsNotSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{FrameMillis: 1000, IdleMillis: -1}, func(_ *remoting.Command, to remoting.Responder) {
			time.Sleep(time.Minute)
			to.Reply(&remoting.Response{})
		})
		raw := s.raw(t)
		frame := remoting.AppendRequest(nil, 1, &remoting.Request{Code: 1})
		raw.Write(append(frame, frame[:10]...))
		time.Sleep(30 * time.Second)
		raw.Write(frame[10:])
		r := remoting.NewFrameReader(raw, maxFrame)
		for range 2 {
			if _, _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestASendersPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, peer := memnet.Pipe(memnet.Addr("near"), memnet.Addr("far"))
		conn := remoting.NewConn(near, remoting.Limits{HoldBytes: 1 << 20})
		serving := make(chan error, 1)
		go func() { serving <- conn.Serve(func(_, _ []byte) error { return nil }) }()
		frame := remoting.AppendRequest(nil, 1, &remoting.Request{Code: 10, Body: make([]byte, 600<<10)})
		for range 3 { // one in the writer's hands, two behind it
			conn.Send(frame)
			synctest.Wait()
		}
		held := func() (waited time.Duration, err error) {
			began := time.Now()
			if _, err = conn.BeginHeld(2 * time.Second); err == nil {
				conn.Commit(nil)
			}
			return time.Since(began), err
		}
		for i, want := range []time.Duration{2 * time.Second, 0, 0} { // the first one's word is good for the next
			if waited, err := held(); waited != want || err != remoting.ErrUnread {
				t.Errorf("sender %d waited %v, %v", i, waited, err)
			}
		}
		if _, _, err := remoting.NewFrameReader(peer, maxFrame).Next(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if waited, err := held(); waited != 0 || err != nil {
			t.Errorf("once it reads: %v, %v", waited, err)
		}
		conn.Close(remoting.ErrClosed)
		if _, err := held(); err != remoting.ErrClosed {
			t.Errorf("at the end: %v", err)
		}
		<-serving
	})
}

func TestConnectionsBeyondTheBoundAreRefusedWithALineAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logLines
		var network memnet.Network
		s := remoting.NewServer(slog.New(slog.NewTextHandler(&log, nil)), remoting.Limits{IdleMillis: -1}, 2)
		defer s.Close(context.Background())
		l, err := network.Listen("server")
		if err != nil {
			t.Fatal(err)
		}
		s.Serve(l, func(c *remoting.Conn) remoting.FrameHandler { return remoting.NewEndpoint(c, echo, nil) })
		dial := func() net.Conn {
			raw, err := network.Dial(context.Background(), "server")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { raw.Close() })
			return raw
		}
		first := dial()
		dial()
		for range 90 {
			if _, err := io.ReadAll(dial()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if n := log.count(); n != 2 || !strings.Contains(log.String(), "2 connections are the bound") || !strings.Contains(log.String(), "refusals=60") {
			t.Errorf("logged %q", log.String())
		}
		first.Close()
		synctest.Wait()
		c, err := remoting.Dial(context.Background(), network.Dial, "server", remoting.Limits{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Invoke(context.Background(), &remoting.Request{Code: 1}); err != nil {
			t.Errorf("when one has left: %v", err)
		}
	})
}

// Many peers that do not read, each below its own bound.
func TestAllUnsentBytesTogetherAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const peers = 20
		s := serve(t, remoting.Limits{AllOutBytes: 4 << 20}, echo)
		reading := s.client(t, nil)
		for range peers {
			s.raw(t)
		}
		synctest.Wait()
		told := 0
		var last error
		for range 100 {
			s.open.Range(func(ch, _ any) bool {
				if err := ch.(*remoting.Channel).Oneway(&remoting.Request{Code: 40, Body: make([]byte, 32<<10)}); err != nil {
					last = err
				}
				told++
				return true
			})
			synctest.Wait()
		}
		if last == nil || !errors.Is(last, remoting.ErrSlowReader) || !strings.Contains(last.Error(), fmt.Sprint(4<<20)) {
			t.Errorf("of %d sends the last refusal was %v", told, last)
		}
		if _, err := reading.Invoke(context.Background(), &remoting.Request{Code: 1}); err != nil {
			t.Errorf("who reads suffered: %v", err)
		}
	})
}
