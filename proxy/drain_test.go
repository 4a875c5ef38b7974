package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"gantry/proxy/route"
	"gantry/remoting"
)

// draining is a proxy that learns of others, and how long its drain took.
type draining struct {
	*Server
	t   *testing.T
	log *logText
}

func startDraining(t *testing.T, config Config) *draining {
	t.Helper()
	d := &draining{t: t, log: &logText{}}
	config.BindAddress, config.ListenPort, config.ProxyID = "127.0.0.1", basePort(t, 1), "p"
	config.Log = slog.New(slog.NewTextHandler(d.log, nil))
	var err error
	if d.Server, err = Start(config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close(context.Background()) })
	return d
}

// with lets another proxy live beside it.
func (d *draining) with(other route.Peer) *draining {
	d.SetProxies([]route.Peer{d.Self(), other})
	return d
}

func (d *draining) took(ctx context.Context) time.Duration {
	began := time.Now()
	d.Drain(ctx)
	return time.Since(began)
}

func TestADrainWithoutOthersIsNone(t *testing.T) {
	d := startDraining(t, Config{})
	for name, alive := range map[string][]route.Peer{
		"nobody":         nil,
		"itself":         {d.Self()},
		"one that drain": {{ID: "q", Host: "h", Draining: true}},
	} {
		d.SetProxies(alive)
		if took := d.took(context.Background()); d.log.count("draining") != 0 || d.Self().Draining {
			t.Errorf("beside %s it drained for %v", name, took)
		}
	}
}

func TestHowLongADrainLasts(t *testing.T) {
	config := Config{DrainMillis: 4000, DrainQuietMillis: 300, RoutePollMillis: 900}
	for name, row := range map[string]struct {
		connected bool
		talking   bool
		atLeast   time.Duration
		log       string // which of its ends it was
	}{
		"without clients, until nothing has come for a while":              {false, false, 300 * time.Millisecond, "msg=drained"},
		"with silent clients, for a while after each has asked for routes": {true, false, 1200 * time.Millisecond, "msg=drained"},
		"with clients that stay, until its bound":                          {true, true, 4 * time.Second, "drain ends while clients are there"},
	} {
		t.Run(name, func(t *testing.T) {
			d := startDraining(t, config).with(route.Peer{ID: "q", Host: "h"})
			if row.connected {
				talk(t, d, row.talking)
			}
			if took := d.took(context.Background()); took < row.atLeast {
				t.Errorf("it lasted %v", took)
			}
			if d.log.count(row.log) != 1 || !d.Self().Draining {
				t.Errorf("it ended with\n%s", d.log.buf.String())
			}
		})
	}
}

// talk connects a client to the shards' side of a proxy, which keeps talking
// until the test ends where it is one that does.
func talk(t *testing.T, d *draining, talking bool) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.clients.Serve(l, func(conn *remoting.Conn) remoting.FrameHandler {
		return remoting.NewEndpoint(conn, func(_ *remoting.Command, to remoting.Responder) { to.Reply(&remoting.Response{}) }, nil)
	})
	c, err := remoting.Dial(context.Background(), remoting.DialTCP, l.Addr().String(), remoting.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Invoke(context.Background(), &remoting.Request{Code: 34}); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	stop, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(done)
		for talking && stop.Err() == nil {
			c.Invoke(stop, &remoting.Request{Code: 34})
			time.Sleep(20 * time.Millisecond)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		c.Close()
	})
}

func TestADrainEndsWhenItIsTold(t *testing.T) {
	d := startDraining(t, Config{}).with(route.Peer{ID: "q", Host: "h"})
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	if took := d.took(ctx); d.log.count("drain ends") != 1 {
		t.Errorf("it lasted %v and ended with\n%s", took, d.log.buf.String())
	}
}

func TestADrainIsToldToTheOthersAtOnce(t *testing.T) {
	heard := make(chan string, 8)
	var d *draining
	d = startDraining(t, Config{DrainQuietMillis: 1, OnSelf: func() { heard <- fmt.Sprint(d.Self().Draining) }})
	d.with(route.Peer{ID: "q", Host: "h"}).Drain(context.Background())
	if got := <-heard; got != "true" {
		t.Errorf("the others heard draining=%s", got)
	}
}
