package remoting_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/remotingtest"
)

func TestAnAnswerHasTheKindAndOpaqueOfItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{}, echo)
		raw := s.raw(t)
		r := remoting.NewFrameReader(raw, maxFrame)
		for opaque, kind := range []remoting.HeaderKind{remoting.JSON, remoting.ROCKETMQ, remoting.JSON} {
			raw.Write(remoting.AppendRequest(nil, int32(-opaque), &remoting.Request{Code: 10, Kind: kind, Body: []byte("b")}))
			_, frame, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			c := decode(t, frame)
			if c.Kind != kind || c.Opaque != int32(-opaque) || !c.IsResponse() || string(c.Body) != "b" || c.Remark != "echo" {
				t.Errorf("answered %+v", c)
			}
		}
	})
}

func TestRequestsArriveHoweverTheirBytesAreCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{}, echo)
		faults := remotingtest.Faults{Below: s.network.Dial}
		c, err := remoting.Dial(context.Background(), faults.Dial, "server", remoting.Limits{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		faults.SplitWrites()
		for range 20 {
			body := bytes.Repeat([]byte("x"), 3000)
			answer, err := c.Invoke(context.Background(), &remoting.Request{Code: 1, Body: body})
			if err != nil || !bytes.Equal(answer.Body, body) {
				t.Fatalf("answered %v, %v", answer, err)
			}
		}
	})
}

func TestManyRequestsInOneWriteAreAllAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{}, echo)
		raw := s.raw(t)
		var all []byte
		for opaque := range int32(1000) {
			all = remoting.AppendRequest(all, opaque, &remoting.Request{Code: 1})
		}
		raw.Write(all)
		r := remoting.NewFrameReader(raw, maxFrame)
		for opaque := range int32(1000) {
			_, frame, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			if s, _ := remoting.Summarize(frame); s.Opaque != opaque {
				t.Fatalf("answer %d came at place %d", s.Opaque, opaque)
			}
		}
	})
}

func TestABadFrameClosesItsConnectionWithOneLogLine(t *testing.T) {
	whole := remoting.AppendRequest(nil, 1, &remoting.Request{Code: 1, Body: []byte("body")})
	badKind := bytes.Clone(whole)
	badKind[4] = 9
	for name, sent := range map[string][]byte{
		"oversize":               []byte("\x7f\xff\xff\xff\x00\x00\x00\x00"),
		"garbage":                []byte("GET / HTTP/1.1\r\nHost: broker\r\n\r\n"),
		"header kind":            badKind,
		"header beyond its end":  []byte("\x00\x00\x00\x04\x00\x00\x00\x05"),
		"header that is no JSON": frameOf(remoting.JSON, `{"code":`, ""),
		"torn":                   whole[:len(whole)-2],
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, remoting.Limits{}, echo)
				other := s.client(t, nil)
				raw := s.raw(t)
				raw.Write(sent)
				if name == "torn" {
					raw.Close()
				} else if got, err := io.ReadAll(raw); len(got) != 0 || err != nil {
					t.Errorf("the bad connection read %q, %v, want its end", got, err)
				}
				synctest.Wait()
				if s.log.count() != 1 || !strings.Contains(s.log.String(), "connection closed") {
					t.Errorf("logged %q, want one line", s.log.String())
				}
				if _, err := other.Invoke(context.Background(), &remoting.Request{Code: 1}); err != nil {
					t.Errorf("another connection suffered: %v", err)
				}
			})
		})
	}
}

func TestWhoLeavesLeavesNoLogLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{}, echo)
		c := s.client(t, nil)
		if _, err := c.Invoke(context.Background(), &remoting.Request{Code: 1}); err != nil {
			t.Fatal(err)
		}
		c.Close()
		raw := s.raw(t)
		raw.Write(remoting.AppendRequest(nil, 1, &remoting.Request{Code: 1}))
		raw.Close() // before its answer
		synctest.Wait()
		if s.log.count() != 0 {
			t.Errorf("logged %q", s.log.String())
		}
		s.open.Range(func(ch, _ any) bool {
			t.Errorf("channel %p was not told of its end", ch)
			return true
		})
	})
}

func TestAnIdleConnectionIsCutAndABusyOneLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{IdleMillis: 120_000}, echo)
		idle, busy := s.client(t, nil), s.client(t, nil)
		start := time.Now()
		beating := time.NewTicker(30 * time.Second)
		defer beating.Stop()
		for open := true; open; {
			select {
			case <-beating.C:
				if _, err := busy.Invoke(context.Background(), &remoting.Request{Code: 34}); err != nil {
					t.Fatalf("the busy connection: %v", err)
				}
			case <-idle.Done():
				open = false
			}
		}
		if d := time.Since(start); d < 120*time.Second || d > 135*time.Second {
			t.Errorf("cut after %v", d)
		}
		if s.log.count() != 0 {
			t.Errorf("logged %q", s.log.String())
		}
	})
}

func TestRequestsAboveTheBoundAreAnsweredBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := make(chan remoting.Responder, 10)
		s := serve(t, remoting.Limits{InFlight: 2}, func(c *remoting.Command, to remoting.Responder) { held <- to })
		c := s.client(t, nil)
		codes := make(chan int32, 3)
		invoke := func() {
			if answer, err := c.Invoke(context.Background(), &remoting.Request{Code: 11}); err == nil {
				codes <- answer.Code
			}
		}
		go invoke()
		go invoke()
		synctest.Wait()
		c.Oneway(&remoting.Request{Code: 15}) // above the bound too, and nobody to answer
		go invoke()
		if code := <-codes; code != 2 || len(held) != 2 {
			t.Errorf("code %d with %d requests under way, want 2 and 2", code, len(held))
		}
		(<-held).Reply(&remoting.Response{Code: 19})
		(<-held).Drop()
		if code := <-codes; code != 19 {
			t.Errorf("a held request was answered %d", code)
		}
		go invoke()
		synctest.Wait()
		if len(held) != 1 {
			t.Error("an answered request still counts")
		}
	})
}

// A peer that sends and never reads: first its requests are no longer read, then,
// while others send to it, it is cut.
func TestAPeerThatDoesNotReadIsHeldUpAndThenCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handled := 0
		body := make([]byte, 64<<10)
		s := serve(t, remoting.Limits{HoldBytes: 1 << 20, OutBytes: 4 << 20}, func(_ *remoting.Command, to remoting.Responder) {
			handled++
			to.Reply(&remoting.Response{Body: body})
		})
		raw := s.raw(t)
		go func() {
			for range 1000 {
				if _, err := raw.Write(remoting.AppendRequest(nil, 1, &remoting.Request{Code: 11, Body: make([]byte, 1024)})); err != nil {
					return
				}
			}
		}()
		synctest.Wait()
		if handled < 16 || handled > 64 {
			t.Errorf("%d requests were handled before their peer was held up", handled)
		}
		cutByOneway(t, s)
		if s.log.count() != 1 || !strings.Contains(s.log.String(), "does not read") {
			t.Errorf("logged %q, want one line", s.log.String())
		}
	})
}

func cutByOneway(t *testing.T, s *served) {
	t.Helper()
	var err error
	s.open.Range(func(ch, _ any) bool {
		for range 1000 {
			if err = ch.(*remoting.Channel).Oneway(&remoting.Request{Code: 40, Body: make([]byte, 64<<10)}); err != nil {
				break
			}
		}
		return true
	})
	if !errors.Is(err, remoting.ErrSlowReader) {
		t.Errorf("sending ended with %v", err)
	}
	synctest.Wait()
}

func TestAPeerThatReadsSlowlyIsNotIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{IdleMillis: 1000}, func(_ *remoting.Command, to remoting.Responder) {
			to.Reply(&remoting.Response{Body: make([]byte, 8<<20)})
		})
		raw := s.raw(t)
		raw.Write(remoting.AppendRequest(nil, 1, &remoting.Request{Code: 11}))
		got := 0
		for buf := make([]byte, 256<<10); got < 8<<20; {
			time.Sleep(500 * time.Millisecond)
			n, err := raw.Read(buf)
			if got += n; err != nil {
				t.Fatalf("cut after %d bytes: %v", got, err)
			}
		}
	})
}

// Both ends send large frames at once, as a producer and consumer on one
// connection do; neither may wait for the other to read first.
func TestTwoEndsFullOfBytesDoNotHoldEachOtherUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{}, echo)
		c := s.client(t, nil)
		done := make(chan error, 100)
		for range cap(done) {
			go func() {
				_, err := c.Invoke(context.Background(), &remoting.Request{Code: 10, Body: make([]byte, 256<<10)})
				done <- err
			}()
		}
		for range cap(done) {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Many connections' requests go out over one: each waits until it has room.
func TestSendersThatHoldKeepTheUnsentBytesBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := memnet.Pipe(memnet.Addr("near"), memnet.Addr("far"))
		conn := remoting.NewConn(near, remoting.Limits{HoldBytes: 1 << 20, OutBytes: 2 << 20})
		serving := make(chan error, 1)
		go func() { serving <- conn.Serve(func(_, _ []byte) error { return nil }) }()
		frame := remoting.AppendRequest(nil, 1, &remoting.Request{Code: 10, Body: make([]byte, 100<<10)})
		sent := make(chan error, 100)
		sendAll := func() {
			for range cap(sent) {
				go func() {
					dst, err := conn.BeginHeld(time.Minute)
					if err == nil {
						conn.Commit(append(dst, frame...))
					}
					sent <- err
				}()
			}
			synctest.Wait()
			if n := len(sent); n < 10 || n > 30 {
				t.Errorf("%d frames were taken by a peer that does not read", n)
			}
		}
		sendAll()
		r := remoting.NewFrameReader(far, maxFrame)
		for range cap(sent) {
			if _, _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
		}
		sendAll()
		conn.Close(remoting.ErrClosed)
		refused := 0
		for range cap(sent) {
			if err := <-sent; err == remoting.ErrClosed {
				refused++
			}
		}
		if refused < 70 {
			t.Errorf("%d of those who waited were told that the connection ended", refused)
		}
		<-serving
	})
}

// deaf is a listener that fails once before it accepts.
type deaf struct {
	net.Listener
	failed bool
}

func (l *deaf) Accept() (net.Conn, error) {
	if !l.failed {
		l.failed = true
		return nil, errors.New("too many open files")
	}
	return l.Listener.Accept()
}

func TestAFailureToAcceptDoesNotEndTheListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{}, echo)
		l, err := s.network.Listen("deaf")
		if err != nil {
			t.Fatal(err)
		}
		s.Serve(&deaf{Listener: l}, func(c *remoting.Conn) remoting.FrameHandler { return remoting.NewEndpoint(c, echo, nil) })
		c, err := remoting.Dial(context.Background(), s.network.Dial, "deaf", remoting.Limits{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Invoke(context.Background(), &remoting.Request{Code: 1}); err != nil {
			t.Errorf("after the failure: %v", err)
		}
		if s.log.count() != 1 {
			t.Errorf("logged %q, want one line", s.log.String())
		}
	})
}

func TestHowLongAServerHasBeenQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, remoting.Limits{}, echo)
		want := func(since time.Duration, connections int) {
			t.Helper()
			synctest.Wait()
			if got, n := s.Quiet(); got != since || n != connections {
				t.Errorf("quiet for %v with %d connections, want %v with %d", got, n, since, connections)
			}
		}
		time.Sleep(3 * time.Second)
		want(3*time.Second, 0)
		c, other := s.client(t, nil), s.client(t, nil)
		time.Sleep(2 * time.Second)
		want(2*time.Second, 2)
		if _, err := c.Invoke(context.Background(), &remoting.Request{Code: 1}); err != nil {
			t.Fatal(err)
		}
		want(0, 2)
		time.Sleep(time.Second)
		other.Close()
		c.Close() // who has left counts still
		time.Sleep(time.Second)
		want(2*time.Second, 0)
	})
}
