package registrar

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/membership"
	"gantry/membership/nameserver"
	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/protocol"
)

// nameServer is a real one on a network in memory; its requests are counted.
type nameServer struct {
	*nameserver.Server
	listening *remoting.Server

	mu       sync.Mutex
	requests []string // "103 at 0s"
}

var discard = slog.New(slog.DiscardHandler)

func startNameServer(t *testing.T, network *memnet.Network, name string) *nameServer {
	t.Helper()
	l, err := network.Listen(name)
	if err != nil {
		t.Fatal(err)
	}
	ns := &nameServer{Server: nameserver.New(discard, nameserver.Config{}), listening: remoting.NewServer(discard, remoting.Limits{}, 0)}
	start := time.Now()
	ns.listening.Serve(l, func(conn *remoting.Conn) remoting.FrameHandler {
		return remoting.NewEndpoint(conn, func(c *remoting.Command, to remoting.Responder) {
			ns.mu.Lock()
			ns.requests = append(ns.requests, fmt.Sprintf("%d at %v", c.Code, time.Since(start)))
			ns.mu.Unlock()
			ns.Handle(c, to)
		}, ns.Closed)
	})
	t.Cleanup(ns.stop)
	return ns
}

// stop is the name server's death: every connection ends.
func (ns *nameServer) stop() {
	ns.listening.Close(context.Background())
	ns.Close()
}

func (ns *nameServer) asked() string {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	return strings.Join(ns.requests, ", ")
}

// wantTopics compares what the name server knows.
func (ns *nameServer) wantTopics(t *testing.T, want string) {
	t.Helper()
	synctest.Wait()
	if got := strings.Join(ns.Table().Topics(), " "); got != want {
		t.Fatalf("the name server knows topics %q, want %q", got, want)
	}
}

// node is what a Registrar asks and tells.
type node struct {
	mu      sync.Mutex
	now     membership.Registration
	answers []Answer
}

func newNode(topics ...string) *node {
	n := &node{now: membership.Registration{
		Cluster: "C", BrokerName: "a", Addr: "a:10911", HAServerAddr: "a:10912",
		Slot: membership.SlotClaim{Slot: membership.NoSlot},
	}}
	n.create(topics...)
	return n
}

func (n *node) create(topics ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	table := map[string]protocol.TopicConfig{}
	for name, c := range n.now.Topics {
		table[name] = c
	}
	for _, name := range topics {
		table[name] = protocol.NewTopicConfig(name)
	}
	n.now.Topics = table
	n.now.DataVersion = n.now.DataVersion.Next(time.Now().UnixMilli())
}

func (n *node) current() membership.Registration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.now
}

func (n *node) told(a Answer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answers = append(n.answers, a)
}

func (n *node) start(t *testing.T, network *memnet.Network, nameServers string) *Registrar {
	r := Start(discard, Config{NameServers: nameServers, Current: n.current, OnAnswer: n.told, Dial: network.Dial})
	t.Cleanup(func() { r.Close(context.Background()) })
	return r
}

func TestRegistersAtOnceThenAfterTenSecondsThenAtIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		ns := startNameServer(t, &network, "ns")
		newNode("T").start(t, &network, "ns")
		time.Sleep(75 * time.Second)
		synctest.Wait()
		if got, want := ns.asked(), "103 at 0s, 103 at 10s, 103 at 40s, 103 at 1m10s"; got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
	})
}

func TestPeriodIsKeptWithinItsBounds(t *testing.T) {
	for given, want := range map[int]int{0: 30_000, 1: 10_000, 20_000: 20_000, 600_000: 60_000} {
		if got := (Config{PeriodMillis: given}).withDefaults().PeriodMillis; got != want {
			t.Errorf("registerNameServerPeriod %d gives %d ms, want %d", given, got, want)
		}
	}
}

func TestRegistersWithEveryNameServerWhicheverComeUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		one := startNameServer(t, &network, "ns1")
		newNode("T").start(t, &network, "ns1; ns2;ns1;;nowhere")
		one.wantTopics(t, "T")
		time.Sleep(time.Minute + 100*time.Millisecond) // it is tried every 500 ms
		two := startNameServer(t, &network, "ns2")
		time.Sleep(time.Second)
		two.wantTopics(t, "T")
		if got, want := two.asked(), "103 at 400ms"; got != want {
			t.Errorf("the late one was asked %s, want %s", got, want)
		}
		if got := strings.Count(one.asked(), "103"); got != 3 {
			t.Errorf("the early one, named twice, was asked %s", one.asked())
		}
	})
}

func TestRegistersAgainAtOnceWithANameServerThatWasRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		ns := startNameServer(t, &network, "ns")
		newNode("T").start(t, &network, "ns")
		ns.wantTopics(t, "T")
		ns.stop()
		time.Sleep(time.Minute)
		again := startNameServer(t, &network, "ns")
		time.Sleep(500 * time.Millisecond)
		again.wantTopics(t, "T")
	})
}

func TestNotifyTellsAChangeAtOnceAndManyAsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		ns := startNameServer(t, &network, "ns")
		n := newNode("T")
		r := n.start(t, &network, "ns")
		ns.wantTopics(t, "T")
		n.create("U")
		for range 100 {
			r.Notify()
		}
		ns.wantTopics(t, "T U")
		if got := strings.Count(ns.asked(), "103"); got > 3 {
			t.Errorf("a hundred changes became %s", ns.asked())
		}
	})
}

func TestAfterSyncARouteIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		ns := startNameServer(t, &network, "ns")
		n := newNode("T")
		r := n.start(t, &network, "ns;nowhere")
		synctest.Wait()
		for i := range 10 {
			name := fmt.Sprint("Topic", i)
			n.create(name)
			if err := r.Sync(context.Background()); err != nil {
				t.Fatal(err)
			}
			if _, ok := ns.Table().Route(name); !ok {
				t.Fatalf("no route of %s after Sync", name)
			}
		}
	})
}

func TestSyncWaitsForNobodyThatIsAwayAndNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		l, err := network.Listen("mute")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		n := newNode("T")
		away, mute := n.start(t, &network, "nowhere"), n.start(t, &network, "mute")
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		synctest.Wait()
		if err := away.Sync(context.Background()); err != nil {
			t.Errorf("nobody is there: %v", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := mute.Sync(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a mute name server: %v", err)
		}
	})
}

func TestSyncEndsWithTheConnectionItWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		l, err := network.Listen("dying")
		if err != nil {
			t.Fatal(err)
		}
		r := newNode("T").start(t, &network, "dying")
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		answer(t, conn) // the first registration; the one that Sync asks for is not answered
		synctest.Wait()
		time.AfterFunc(time.Second, func() { conn.Close() })
		if err := r.Sync(context.Background()); err != nil {
			t.Errorf("Sync ended with %v", err)
		}
	})
}

// answer reads one request from conn and answers it with nothing but success.
func answer(t *testing.T, conn net.Conn) {
	t.Helper()
	_, frame, err := remoting.NewFrameReader(conn, 1<<20).Next()
	if err != nil {
		t.Fatal(err)
	}
	asked, err := remoting.Summarize(frame)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(remoting.AppendResponse(nil, asked.Kind, asked.Opaque, &remoting.Response{})); err != nil {
		t.Fatal(err)
	}
}

func TestAMuteNameServerIsDialledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		l, err := network.Listen("ns")
		if err != nil {
			t.Fatal(err)
		}
		newNode("T").start(t, &network, "ns")
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		defer conn.Close()
		time.Sleep(5 * time.Second)
		ns := startNameServer(t, &network, "ns")
		time.Sleep(2 * time.Second) // the answer is waited for 6 s, then 0.5 s
		ns.wantTopics(t, "T")
	})
}

func TestCloseWithdraws(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		ns := startNameServer(t, &network, "ns")
		r := newNode("T").start(t, &network, "ns;nowhere")
		ns.wantTopics(t, "T")
		r.Close(context.Background())
		if got, want := ns.asked(), "103 at 0s, 104 at 0s"; got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
		ns.wantTopics(t, "")
	})
}

func TestCloseWaitsForAMuteNameServerNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		l, err := network.Listen("mute")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		r := newNode("T").start(t, &network, "mute")
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		began := time.Now()
		r.Close(ctx)
		if took := time.Since(began); took != time.Second {
			t.Errorf("closed after %v", took)
		}
	})
}

func TestSlotIsRecordedAndStated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		ns := startNameServer(t, &network, "ns")
		n := newNode("T")
		n.now.Gateway = true
		var r *Registrar
		ready := make(chan struct{})
		r = Start(discard, Config{NameServers: "ns", Dial: network.Dial, Current: n.current, OnAnswer: func(a Answer) {
			<-ready
			if n.record(a.Slot) {
				r.Notify()
			}
		}})
		close(ready)
		defer r.Close(context.Background())
		synctest.Wait()
		if shard := ns.Table().Shards()[0]; shard.Slot != 0 || !shard.Nodes[0].Gateway {
			t.Errorf("the name server knows %+v", shard)
		}
		if got, want := ns.asked(), "103 at 0s, 103 at 0s"; got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
	})
}

// record keeps a slot that is not the one stated.
func (n *node) record(slot int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if slot == n.now.Slot.Slot {
		return false
	}
	n.now.Slot = membership.SlotClaim{Slot: slot, RecordedMillis: time.Now().UnixMilli()}
	return true
}

func TestSlaveIsToldMasterAndOrderedTopics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		startNameServer(t, &network, "ns")
		put, err := remoting.Dial(context.Background(), network.Dial, "ns", remoting.Limits{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer put.Close()
		ordered := protocol.PutKVConfigRequest{Namespace: nameserver.NamespaceOrderTopicConfig, Key: "T", Value: "a:4"}
		if _, err := put.Invoke(context.Background(), &remoting.Request{Code: protocol.PutKVConfig, Header: ordered}); err != nil {
			t.Fatal(err)
		}
		newNode("T").start(t, &network, "ns")
		synctest.Wait()
		slave := newNode()
		slave.now.BrokerID, slave.now.Addr = 1, "b:10911"
		slave.start(t, &network, "ns")
		synctest.Wait()
		slave.mu.Lock()
		defer slave.mu.Unlock()
		want := "[{ns a:10911 a:10912 map[T:a:4] -1}]"
		if got := fmt.Sprint(slave.answers); got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
}
