package registrar

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/membership/nameserver"
	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/protocol"
)

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
		time.Sleep(5 * time.Second) // a name server that has just started makes a node wait 1.5 s, and a new record stand for 0.5 s
		if shard := ns.Table().Shards()[0]; shard.Slot != 0 || !shard.Nodes[0].Gateway {
			t.Errorf("the name server knows %+v", shard)
		}
		if got, want := ns.asked(), "103 at 0s, 103 at 1.5s, 103 at 1.5s, 103 at 2s"; got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
	})
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
		want := "[{ns a:10911 a:10912 map[T:a:4] -1 {-1 0 false}}]"
		if got := fmt.Sprint(slave.answers); got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
}
