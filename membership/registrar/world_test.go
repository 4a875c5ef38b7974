package registrar

import (
	"context"
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
