package registrar

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/protocol"
)

func TestRegistersWithWhomGossipHasFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		configured, found := startNameServer(t, &network, "ns1"), startNameServer(t, &network, "ns2")
		n := newNode("T")
		r := n.start(t, &network, "ns1")
		r.Discover([]string{"ns2", "ns1", "ns2"})
		configured.wantTopics(t, "T")
		found.wantTopics(t, "T")
		n.create("U")
		if err := r.Sync(context.Background()); err != nil {
			t.Fatal(err)
		}
		found.wantTopics(t, "T U")
		if got := strings.Count(configured.asked(), "103"); got != 2 {
			t.Errorf("the configured one, which was found as well, was asked %s", configured.asked())
		}
		r.Close(context.Background())
		found.wantTopics(t, "")
		r.Discover([]string{"ns3"})
		if links := len(r.all()); links != 2 {
			t.Errorf("%d links after Close", links)
		}
	})
}

func TestGossipThatLosesSightOfANameServerEndsNoRegistration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		found := startNameServer(t, &network, "ns2")
		r := newNode("T").start(t, &network, "")
		r.Discover([]string{"ns2"})
		found.wantTopics(t, "T")
		r.Discover(nil)
		time.Sleep(10 * time.Minute)
		found.wantTopics(t, "T")
		found.stop()
		time.Sleep(time.Second)
		again := startNameServer(t, &network, "ns2")
		time.Sleep(time.Minute)
		again.wantTopics(t, "") // nobody knows of it
		if links := len(r.all()); links != 0 {
			t.Errorf("%d links to name servers that nobody knows", links)
		}
		r.Discover([]string{"ns2"})
		again.wantTopics(t, "T")
	})
}

func TestANameServerThatIsFoundAgainKeepsItsLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		found := startNameServer(t, &network, "ns2")
		r := newNode("T").start(t, &network, "")
		for range 100 {
			r.Discover([]string{"ns2"})
			synctest.Wait()
			r.Discover(nil)
		}
		r.Discover([]string{"ns2"})
		found.wantTopics(t, "T")
		if got := strings.Count(found.asked(), "103"); got != 1 {
			t.Errorf("asked %s", found.asked())
		}
	})
}

func TestAnAddressThatAConfiguredNameReachesIsNotDialled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		ns := startNameServer(t, &network, "name.example.org:9876")
		var dialled atomic.Int32 // by its address
		dial := func(ctx context.Context, addr string) (net.Conn, error) {
			if addr == "10.0.0.1:9876" {
				dialled.Add(1)
			}
			raw, err := network.Dial(ctx, "name.example.org:9876")
			if err != nil {
				return nil, err
			}
			return at{raw}, nil
		}
		r := Start(discard, Config{NameServers: "name.example.org:9876", Current: newNode("T").current, Dial: dial})
		defer r.Close(context.Background())
		synctest.Wait()
		r.Discover([]string{"10.0.0.1:9876"})
		time.Sleep(5 * time.Minute)
		ns.stop()
		time.Sleep(200 * time.Millisecond)
		again := startNameServer(t, &network, "name.example.org:9876")
		time.Sleep(5 * time.Minute)
		again.wantTopics(t, "T")
		if n := dialled.Load(); n != 0 {
			t.Errorf("dialled %d times", n)
		}
		again.stop() // the name leads elsewhere now; the address is tried in its place
		time.Sleep(time.Minute)
		if dialled.Load() == 0 {
			t.Error("not dialled")
		}
	})
}

// at is a connection to the address that a host name stands for.
type at struct{ net.Conn }

func (at) RemoteAddr() net.Addr { return memnet.Addr("10.0.0.1:9876") }

func TestNameServersThatAreFoundAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		var network memnet.Network
		r := Start(slog.New(slog.NewTextHandler(&said, nil)), Config{Current: newNode("T").current, Dial: network.Dial, MaxDiscovered: 2})
		r.Discover([]string{"c", "b", "a"})
		if links := len(r.all()); links != 2 {
			t.Errorf("%d links", links)
		}
		r.Close(context.Background())
		if !strings.Contains(said.String(), "known=3 bound=2") {
			t.Errorf("it said %s", said.String())
		}
	})
}

func TestANameServerThatWondersWhetherTheNodeLivesHasAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		l, err := network.Listen("ns")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		newNode("T").start(t, &network, "ns")
		raw, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		dial := func(context.Context, string) (net.Conn, error) { return raw, nil }
		c, err := remoting.Dial(context.Background(), dial, "node", remoting.Limits{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		a, err := c.Invoke(context.Background(), &remoting.Request{Code: 19010})
		if err != nil || a.Code != protocol.RequestCodeNotSupported {
			t.Errorf("it is answered %+v, %v", a, err)
		}
	})
}
