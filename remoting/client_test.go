package remoting_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/remotingtest"
)

func TestAnswersFindTheirRequestInAnyOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type held struct {
			to   remoting.Responder
			body []byte
		}
		waiting := make(chan held, 10)
		s := serve(t, remoting.Limits{}, func(c *remoting.Command, to remoting.Responder) {
			waiting <- held{to, c.Clone().Body}
		})
		c := s.client(t, nil)
		done := make(chan bool)
		for i := range byte(10) {
			go func() {
				answer, err := c.Invoke(context.Background(), &remoting.Request{Code: 1, Body: []byte{i}})
				done <- err == nil && len(answer.Body) == 1 && answer.Body[0] == i
			}()
		}
		synctest.Wait()
		var all []held
		for range 10 {
			all = append(all, <-waiting)
		}
		for i := range all { // the last first
			h := all[len(all)-1-i]
			h.to.Reply(&remoting.Response{Body: h.body})
		}
		for range 10 {
			if !<-done {
				t.Error("an answer went to another request")
			}
		}
	})
}

func TestBothSidesAskOnOneConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{}, func(c *remoting.Command, to remoting.Responder) {
			go func() { // while the request is under way, its peer is asked
				status, err := to.Channel.Invoke(context.Background(), &remoting.Request{Code: 307})
				if err != nil {
					to.Reply(&remoting.Response{Code: 1, Remark: err.Error()})
					return
				}
				to.Reply(&remoting.Response{Body: status.Body})
			}()
		})
		c := s.client(t, func(c *remoting.Command, to remoting.Responder) {
			to.Reply(&remoting.Response{Body: []byte("running")})
		})
		answer, err := c.Invoke(context.Background(), &remoting.Request{Code: 1})
		if err != nil || string(answer.Body) != "running" {
			t.Errorf("answered %+v, %v", answer, err)
		}
	})
}

func TestAOnewayIsNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := make(chan *remoting.Command, 1)
		s := serve(t, remoting.Limits{}, func(c *remoting.Command, to remoting.Responder) {
			got <- c.Clone()
			to.Reply(&remoting.Response{})
		})
		raw := s.raw(t)
		raw.Write(remoting.AppendRequest(nil, 1, &remoting.Request{Code: 15, Oneway: true}))
		if c := <-got; !c.IsOneway() {
			t.Errorf("arrived %+v", c)
		}
		raw.SetReadDeadline(time.Now().Add(time.Hour))
		if n, err := raw.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Error("a oneway request was answered")
		}
	})
}

func TestOneRequestMayGoToManyPeersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := make(chan int32, 10)
		s := serve(t, remoting.Limits{}, echo)
		for range 10 {
			s.client(t, func(c *remoting.Command, to remoting.Responder) { got <- c.Code; to.Drop() })
		}
		synctest.Wait()
		notice := &remoting.Request{Code: 40}
		s.open.Range(func(ch, _ any) bool {
			go ch.(*remoting.Channel).Oneway(notice)
			return true
		})
		for range 10 {
			<-got
		}
		if notice.Oneway {
			t.Error("the caller's request was changed")
		}
	})
}

func TestATimeoutEndsOneRequestAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{}, func(c *remoting.Command, to remoting.Responder) {
			if c.Code == 11 { // held, and answered when nobody waits any more
				time.AfterFunc(5*time.Second, func() { to.Reply(&remoting.Response{}) })
				return
			}
			to.Reply(&remoting.Response{Code: 7})
		})
		c := s.client(t, nil)
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		start := time.Now()
		if _, err := c.Invoke(ctx, &remoting.Request{Code: 11}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("ended after %v", d)
		}
		time.Sleep(10 * time.Second)
		if answer, err := c.Invoke(context.Background(), &remoting.Request{Code: 1}); err != nil || answer.Code != 7 {
			t.Errorf("the next request: %+v, %v", answer, err)
		}
	})
}

func TestABrokenConnectionEndsEveryInvoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{}, func(_ *remoting.Command, to remoting.Responder) {})
		faults := remotingtest.Faults{Below: s.network.Dial}
		c, err := remoting.Dial(context.Background(), faults.Dial, "server", remoting.Limits{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		failures := make(chan error)
		for range 3 {
			go func() {
				_, err := c.Invoke(context.Background(), &remoting.Request{Code: 11})
				failures <- err
			}()
		}
		synctest.Wait()
		faults.Cut()
		for range 3 {
			if err := <-failures; err == nil {
				t.Error("an invoke was answered by nobody")
			}
		}
		<-c.Done()
		if _, err := c.Invoke(context.Background(), &remoting.Request{Code: 1}); err == nil || c.Err() == nil {
			t.Error("a broken connection took a request")
		}
	})
}

func TestAnAsynchronousInvokeIsToldOnceWhatBecameOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{}, func(c *remoting.Command, to remoting.Responder) {
			switch c.Code {
			case 1:
				to.Reply(&remoting.Response{Code: 7, Body: c.Body})
			case 2: // too late
				time.AfterFunc(5*time.Second, func() { to.Reply(&remoting.Response{}) })
			}
		})
		c := s.client(t, nil)
		outcomes := make(chan error, 10)
		invoke := func(code int32) {
			err := c.InvokeAsync(&remoting.Request{Code: code}, 3*time.Second, func(answer *remoting.Command, err error) {
				if err == nil && answer.Code != 7 {
					err = errors.New("another's answer")
				}
				outcomes <- err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		invoke(1)
		if err := <-outcomes; err != nil {
			t.Errorf("an answered request: %v", err)
		}
		invoke(2)
		start := time.Now()
		if err := <-outcomes; !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("an unanswered request: %v after %v", err, time.Since(start))
		}
		invoke(3)
		c.Close()
		if err := <-outcomes; !errors.Is(err, remoting.ErrClosed) {
			t.Errorf("a request whose connection ended: %v", err)
		}
		if err := c.InvokeAsync(&remoting.Request{}, time.Second, func(*remoting.Command, error) { outcomes <- nil }); err == nil {
			t.Error("a closed connection took a request")
		}
		time.Sleep(time.Minute)
		if len(outcomes) != 0 {
			t.Error("somebody was told twice")
		}
	})
}

func TestDialSaysWhereItFailed(t *testing.T) {
	var n memnet.Network
	_, err := remoting.Dial(context.Background(), n.Dial, "nowhere", remoting.Limits{}, nil)
	if err == nil || err.Error() != "connect to nowhere: dial nowhere: connection refused" {
		t.Errorf("error %v", err)
	}
}

func TestServerCloseLetsAnswersLeaveAndWaitsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{}, func(_ *remoting.Command, to remoting.Responder) {
			to.Reply(&remoting.Response{Body: make([]byte, 2<<20)})
		})
		raw := s.raw(t)
		raw.Write(remoting.AppendRequest(nil, 1, &remoting.Request{Code: 1}))
		synctest.Wait()
		closed := make(chan struct{})
		go func() { s.Close(context.Background()); close(closed) }()
		_, frame, err := remoting.NewFrameReader(raw, 4<<20).Next()
		if err != nil || len(frame) < 2<<20 {
			t.Errorf("the answer did not leave: %d bytes, %v", len(frame), err)
		}
		<-closed
		if _, err := s.network.Dial(context.Background(), "server"); err == nil {
			t.Error("a closed server accepts")
		}
	})
}

func TestServerCloseIsBoundedByItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{}, func(_ *remoting.Command, to remoting.Responder) {
			to.Reply(&remoting.Response{Body: make([]byte, 2<<20)})
		})
		for range 3 { // none of them reads
			s.raw(t).Write(remoting.AppendRequest(nil, 1, &remoting.Request{Code: 1}))
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		start := time.Now()
		s.Close(ctx)
		if d := time.Since(start); d != time.Second {
			t.Errorf("closed after %v", d)
		}
	})
}

// A peer that keeps asking must not keep the server open.
func TestServerCloseDoesNotWaitForWhatComesMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{}, echo)
		c := s.client(t, nil)
		answered := make(chan bool, 100)
		for range 50 {
			go func() {
				for {
					if _, err := c.Invoke(context.Background(), &remoting.Request{Code: 1, Body: make([]byte, 100_000)}); err != nil {
						return
					}
					select {
					case answered <- true:
					default:
					}
				}
			}()
		}
		for range cap(answered) {
			<-answered
		}
		s.Close(context.Background())
		<-c.Done()
	})
}

func TestOverTCPAllGoroutinesAreBackAfterClose(t *testing.T) {
	base := runtime.NumGoroutine()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := remoting.NewServer(slog.New(slog.DiscardHandler), remoting.Limits{}, 0)
	s.Serve(l, func(c *remoting.Conn) remoting.FrameHandler { return remoting.NewEndpoint(c, echo, nil) })
	for range 20 {
		c, err := remoting.Dial(context.Background(), remoting.DialTCP, l.Addr().String(), remoting.Limits{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := c.Invoke(context.Background(), &remoting.Request{Code: 1, Body: []byte("b")})
		if err != nil || string(answer.Body) != "b" {
			t.Fatalf("answered %v, %v", answer, err)
		}
		if c.Conn().RemoteAddr().String() != l.Addr().String() || !c.Conn().LocalAddr().IsValid() {
			t.Errorf("addresses %v %v", c.Conn().LocalAddr(), c.Conn().RemoteAddr())
		}
		defer c.Close()
	}
	s.Close(context.Background())
	defer func() {
		for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > base; runtime.Gosched() {
			if time.Now().After(deadline) {
				t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), base)
			}
		}
	}()
}

func TestConnectionsAboveTheBoundAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n memnet.Network
		var log logLines
		l, _ := n.Listen("server")
		s := remoting.NewServer(slog.New(slog.NewTextHandler(&log, nil)), remoting.Limits{}, 1)
		s.Serve(l, func(c *remoting.Conn) remoting.FrameHandler { return remoting.NewEndpoint(c, echo, nil) })
		defer s.Close(context.Background())
		first, err := remoting.Dial(context.Background(), n.Dial, "server", remoting.Limits{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		second, err := remoting.Dial(context.Background(), n.Dial, "server", remoting.Limits{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		<-second.Done()
		if _, err := first.Invoke(context.Background(), &remoting.Request{Code: 1}); err != nil {
			t.Errorf("the first connection: %v", err)
		}
		first.Close()
		synctest.Wait()
		third, err := remoting.Dial(context.Background(), n.Dial, "server", remoting.Limits{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer third.Close()
		if _, err := third.Invoke(context.Background(), &remoting.Request{Code: 1}); err != nil {
			t.Errorf("after one has left: %v", err)
		}
		if log.count() != 1 {
			t.Errorf("logged %q, want one line", log.String())
		}
	})
}
