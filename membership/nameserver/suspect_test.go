package nameserver

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// suspected is the node a's master, which registers over a connection of its own.
type suspected struct {
	client *remoting.Client
	pings  atomic.Int32
}

// node registers; pings over its connection are answered unless it is mute.
func (w *world) node(mute bool) *suspected {
	w.t.Helper()
	n := &suspected{}
	answer := n.answer
	if mute {
		answer = func(_ *remoting.Command, to remoting.Responder) { to.Drop() }
	}
	var err error
	if n.client, err = remoting.Dial(context.Background(), w.network.Dial, "ns", remoting.Limits{}, answer); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(n.client.Close)
	n.register(w)
	return n
}

func (n *suspected) answer(_ *remoting.Command, to remoting.Responder) {
	n.pings.Add(1)
	to.Reply(&remoting.Response{Code: protocol.RequestCodeNotSupported})
}

func (n *suspected) register(w *world) {
	w.t.Helper()
	h, body := registerParts(masterA)
	if c, err := n.client.Invoke(context.Background(), &remoting.Request{Code: protocol.RegisterBroker, Header: h, Body: body}); err != nil || c.Code != protocol.Success {
		w.t.Fatal(c, err)
	}
}

// listen answers pings at the node's address.
func (n *suspected) listen(w *world) {
	w.t.Helper()
	l, err := w.network.Listen(masterA.Addr)
	if err != nil {
		w.t.Fatal(err)
	}
	listening := remoting.NewServer(discard(), remoting.Limits{IdleMillis: -1}, 0)
	listening.Serve(l, func(c *remoting.Conn) remoting.FrameHandler { return remoting.NewEndpoint(c, n.answer, nil) })
	w.t.Cleanup(func() { listening.Close(context.Background()) })
}

// suspicious is a name server that asks nodes over w's network.
func suspicious(t *testing.T) *world {
	w := &world{t: t}
	w.start(Config{Dial: w.network.Dial})
	return w
}

var (
	nodeA   = []NodeID{{"a", 0}}
	masterA = broker("C", "a", 0, 1, topic("T", 4, 6))
)

const routeA = "a(6×4) 0=a-0:10911"

func TestGossipAloneWithdrawsNothing(t *testing.T) {
	for name, node := range map[string]func(*world) *suspected{
		"it answers over its connection": func(w *world) *suspected { return w.node(false) },
		"it answers at its address":      func(w *world) *suspected { n := w.node(true); n.listen(w); return n },
		"it answers both":                func(w *world) *suspected { n := w.node(false); n.listen(w); return n },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := suspicious(t)
				n := node(w)
				w.ns.Suspect(nodeA)
				time.Sleep(time.Minute)
				synctest.Wait()
				wantRoute(t, w.ns.Table(), "T", routeA)
				if pings := n.pings.Load(); pings < 20 || pings > 2*31 {
					t.Errorf("it was asked %d times in a minute", pings)
				}
			})
		})
	}
}

func TestASuspectedNodeThatAnswersNothingIsWithdrawnAfterHalfASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := suspicious(t)
		n := w.node(true)
		time.Sleep(10 * time.Second)
		w.ns.Suspect(nodeA)
		time.Sleep(pingFails - time.Millisecond)
		synctest.Wait()
		wantRoute(t, w.ns.Table(), "T", routeA)
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		wantRoute(t, w.ns.Table(), "T", "none")
		select {
		case <-n.client.Done():
		default:
			t.Error("its connection lives, so it would not register again")
		}
	})
}

func TestASuspectedNodeThatIsTrustedAgainInTimeStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := suspicious(t)
		w.node(true)
		w.ns.Suspect(nodeA)
		time.Sleep(pingFails - time.Millisecond)
		w.ns.Suspect(nil)
		time.Sleep(time.Minute)
		wantRoute(t, w.ns.Table(), "T", routeA)
	})
}

func TestASuspectedNodeThatRegistersMeanwhileStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := suspicious(t)
		n := w.node(true)
		w.ns.Suspect(nodeA)
		time.Sleep(pingFails / 2)
		n.register(w)
		time.Sleep(pingFails)
		synctest.Wait()
		wantRoute(t, w.ns.Table(), "T", routeA)
	})
}

func TestASecondHandRegistrationThatEndedElsewhereIsAskedOnce(t *testing.T) {
	for name, row := range map[string]struct {
		lives bool
		want  string
	}{"it lives": {true, routeA}, "it is gone": {false, "none"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, n := suspicious(t), &suspected{}
				there, over := newTable(), new(remoting.Channel)
				there.Register(masterA, over, time.Now())
				w.merge(there)
				wantRoute(t, w.ns.Table(), "T", routeA)
				if row.lives {
					n.listen(w)
				}
				time.Sleep(time.Second)
				there.Closed(over, time.Now())
				w.merge(there)
				time.Sleep(time.Minute)
				synctest.Wait()
				wantRoute(t, w.ns.Table(), "T", row.want)
				if pings := n.pings.Load(); pings > 1 {
					t.Errorf("it was asked %d times", pings)
				}
			})
		})
	}
}

// merge tells the name server what there knows.
func (w *world) merge(there *Table) {
	w.t.Helper()
	if err := w.ns.Merge(there.account(time.Now()).encode()); err != nil {
		w.t.Fatal(err)
	}
}

func TestABrokerKnownSecondHandIsToldToRegister(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{})
		there, a := newTable(), masterA
		there.Register(a, new(remoting.Channel), time.Now())
		w.merge(there)
		p := w.connect()
		asked := protocol.QueryDataVersionRequest{BrokerName: "a", BrokerAddr: a.Addr, ClusterName: "C"}
		var answer protocol.QueryDataVersionResponse
		if err := answer.Decode(p.must(protocol.QueryDataVersion, asked, a.DataVersion.Encode()).Ext); err != nil || !answer.Changed {
			t.Errorf("it is told that nothing changed: %+v, %v", answer, err)
		}
		p.register(a)
		if err := answer.Decode(p.must(protocol.QueryDataVersion, asked, a.DataVersion.Encode()).Ext); err != nil || answer.Changed {
			t.Errorf("after its registration it is told %+v, %v", answer, err)
		}
	})
}
