package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"gantry/proxy/route"
	"gantry/remoting"
	"gantry/remoting/memnet"
)

// draining is what of a proxy drains: its clients, on a network in memory, and
// what it knows of other proxies.
type draining struct {
	*Server
	log     logText
	network memnet.Network
}

// inDrain tells a test about a proxy beside another one, which is not told of
// yet.
func inDrain(t *testing.T, config Config, tell func(t *testing.T, d *draining)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &draining{}
		config.Log, config.ProxyID = slog.New(slog.NewTextHandler(&d.log, nil)), "p"
		config = config.withDefaults()
		d.Server = &Server{config: config, peers: newPeers(config), clients: remoting.NewServer(config.Log, remoting.Limits{}, 0)}
		l, err := d.network.Listen("shard")
		if err != nil {
			t.Fatal(err)
		}
		d.clients.Serve(l, func(conn *remoting.Conn) remoting.FrameHandler {
			return remoting.NewEndpoint(conn, func(_ *remoting.Command, to remoting.Responder) { to.Reply(&remoting.Response{}) }, nil)
		})
		t.Cleanup(func() { d.clients.Close(context.Background()) })
		tell(t, d)
	})
}

func (d *draining) beside(other route.Peer) { d.SetProxies([]route.Peer{d.Self(), other}) }

// took is how long a drain lasted.
func (d *draining) took(ctx context.Context) time.Duration {
	began := time.Now()
	d.Drain(ctx)
	return time.Since(began)
}

var living = route.Peer{ID: "q", Host: "h"}

func TestADrainWithoutOthersIsNone(t *testing.T) {
	inDrain(t, Config{}, func(t *testing.T, d *draining) {
		for name, alive := range map[string][]route.Peer{
			"nobody":          nil,
			"itself":          {d.Self()},
			"one that drains": {{ID: "q", Host: "h", Draining: true}},
		} {
			d.SetProxies(alive)
			if took := d.took(context.Background()); took != 0 || d.Self().Draining {
				t.Errorf("beside %s it drained for %v", name, took)
			}
		}
	})
}

func TestHowLongADrainLasts(t *testing.T) {
	for name, row := range map[string]struct {
		period time.Duration // in which a connected client speaks, 0: never
		until  time.Duration // from the start of the drain on
		stays  bool
		want   time.Duration
		log    string // which of its ends it was
	}{
		"without clients, until nothing has come for a while":      {0, 0, false, 5 * time.Second, "msg=drained"},
		"with a silent client, until it has asked for routes":      {0, 0, true, 35 * time.Second, "msg=drained"},
		"with one that speaks seldom, too":                         {10 * time.Second, 25 * time.Second, true, 35 * time.Second, "msg=drained"},
		"with one that finds the others late, for a while after":   {time.Second, 33500 * time.Millisecond, true, 38 * time.Second, "msg=drained"},
		"with one that leaves, for a while after":                  {time.Second, 12500 * time.Millisecond, false, 17 * time.Second, "msg=drained"},
		"with one that stays, until its bound":                     {time.Second, time.Hour, true, 45 * time.Second, "drain ended before all clients had left"},
		"with one that speaks when everybody should be elsewhere":  {34 * time.Second, time.Hour, true, 39 * time.Second, "msg=drained"},
		"with one that speaks often enough to be somebody's still": {4 * time.Second, time.Hour, true, 45 * time.Second, "drain ended before all clients had left"},
	} {
		t.Run(name, func(t *testing.T) {
			inDrain(t, Config{}, func(t *testing.T, d *draining) {
				d.beside(living)
				time.Sleep(time.Hour)
				if row.stays || row.period > 0 {
					d.talk(t, row.period, row.until, row.stays)
				}
				if took := d.took(context.Background()); took.Round(time.Second) != row.want {
					t.Errorf("it lasted %v, want %v", took, row.want)
				}
				if d.log.count(row.log) != 1 || !d.Self().Draining {
					t.Errorf("it ended with\n%s", d.log.buf.String())
				}
			})
		})
	}
}

// talk connects a client that speaks in a period until a time, and then stays or
// leaves.
func (d *draining) talk(t *testing.T, period, until time.Duration, stays bool) {
	c, err := remoting.Dial(context.Background(), d.network.Dial, "shard", remoting.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	stop, cancel := context.WithTimeout(context.Background(), until)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for period > 0 {
			select {
			case <-stop.Done():
				if !stays {
					c.Close()
				}
				return
			case <-time.After(period):
				c.Invoke(stop, &remoting.Request{Code: 34})
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		c.Close()
	})
}

func TestADrainEndsWhenItIsTold(t *testing.T) {
	inDrain(t, Config{}, func(t *testing.T, d *draining) {
		d.beside(living)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if took := d.took(ctx); took != time.Second {
			t.Errorf("it lasted %v", took)
		}
	})
}

func TestADrainIsToldToTheOthersAtOnce(t *testing.T) {
	var d *draining
	var heard []string
	inDrain(t, Config{OnSelf: func() { heard = append(heard, fmt.Sprint(d.Self().Draining)) }}, func(_ *testing.T, self *draining) {
		d = self
		d.beside(living)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		d.Drain(ctx)
	})
	if fmt.Sprint(heard) != "[true]" {
		t.Errorf("the others heard %v", heard)
	}
}
