package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gantry/membership"
	"gantry/membership/nameserver"
	"gantry/proxy/route"
	"gantry/proxy/upstream"
	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/protocol"
	node "gantry/storenode/session"
)

// logText collects what is logged.
type logText struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logText) count(word string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), word)
}

// basePort finds a block of ports of 127.0.0.1 for some slots that nobody uses,
// below those that the kernel gives to outgoing connections.
func basePort(t *testing.T, slots int) int {
	t.Helper()
	const blocks = 68
	start := rand.IntN(blocks)
	for i := range blocks {
		if base := 11111 + 100*((start+i)%blocks); blockFree(base, slots) {
			return base
		}
	}
	t.Fatal("no ports are free")
	return 0
}

func blockFree(base, slots int) bool {
	ports := []int{route.SharedPort(base), route.VIP(route.SharedPort(base))}
	for slot := range slots {
		for id := range int64(2) {
			port, _ := route.Port(base, slot, id)
			ports = append(ports, port, route.VIP(port))
		}
	}
	for _, p := range ports {
		l, err := net.Listen("tcp", local(p))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// served are shards on real ports, their nodes on a network in memory.
type served struct {
	*shards
	t       *testing.T
	log     logText
	network memnet.Network
	base    int
	told    []route.Slots // which slots are served, as it was said; guarded by shards.mu
}

func serveShards(t *testing.T, mode RouteMode) *served {
	s := &served{t: t, base: basePort(t, 2)}
	config := Config{BindAddress: "127.0.0.1", GatewayBasePort: s.base, RouteMode: mode, ProxyID: "p",
		Dial: s.network.Dial, Log: slog.New(slog.NewTextHandler(&s.log, nil))}
	conns := remoting.NewServer(config.Log, remoting.Limits{}, 0)
	s.shards = newShards(config, conns, func(served route.Slots) { s.told = append(s.told, served) })
	t.Cleanup(func() {
		s.shards.close()
		conns.Close(context.Background())
	})
	return s
}

// at says where shards are registered: brokerName, slot and address in turn.
func (s *served) at(places ...any) {
	var all []nameserver.Shard
	for i := 0; i < len(places); i += 3 {
		all = append(all, nameserver.Shard{BrokerName: places[i].(string), Slot: places[i+1].(int),
			Nodes: []nameserver.Node{{Addr: places[i+2].(string), Gateway: true}}})
	}
	s.reconcile(func() []nameserver.Shard { return all })
}

// node answers every request with its name.
func (s *served) node(name string) {
	s.t.Helper()
	l, err := s.network.Listen(name)
	if err != nil {
		s.t.Fatal(err)
	}
	conns := remoting.NewServer(slog.New(slog.DiscardHandler), remoting.Limits{}, 0)
	conns.Serve(l, node.New(node.Config{Log: slog.New(slog.DiscardHandler), Closed: func(*remoting.Channel) {},
		Handle: func(_ *remoting.Command, to remoting.Responder) { to.Reply(&remoting.Response{Body: []byte(name)}) }}).Open)
	s.t.Cleanup(func() { conns.Close(context.Background()) })
}

// asked is who answers at a port of a slot, "" where nobody listens.
func (s *served) asked(slot int) string {
	s.t.Helper()
	port, _ := route.Port(s.base, slot, 0)
	return s.askedAt(port)
}

// askedAt is who answers at a port and its VIP port.
func (s *served) askedAt(port int) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var answers []string
	for _, p := range []int{port, route.VIP(port)} {
		c, err := remoting.Dial(ctx, remoting.DialTCP, local(p), remoting.Limits{}, nil)
		if err != nil {
			answers = append(answers, "")
			continue
		}
		answer, err := c.Invoke(ctx, &remoting.Request{Code: protocol.GetMinOffset})
		c.Close()
		if err != nil {
			s.t.Fatal(err)
		}
		answers = append(answers, string(answer.Body))
	}
	if answers[0] != answers[1] {
		s.t.Errorf("port %d and its VIP port lead to %q", port, answers)
	}
	return answers[0]
}

func (s *served) wantAsked(want ...string) {
	s.t.Helper()
	for slot, who := range want {
		if got := s.asked(slot); got != who {
			s.t.Errorf("slot %d is answered by %q, want %q", slot, got, who)
		}
	}
}

func TestRegistrationsOpenPortsOnce(t *testing.T) {
	s := serveShards(t, GatewayRoutes)
	s.node("a")
	var both sync.WaitGroup
	for range 8 {
		both.Go(func() { s.at("a", 0, "a") })
	}
	both.Wait()
	s.wantAsked("a", "")
	if n := s.log.count("shard served"); n != 1 || s.log.count("ERROR") != 0 {
		t.Errorf("served %d times", n)
	}
}

func TestAShardThatLosesItsSlotLeavesItsPorts(t *testing.T) {
	s := serveShards(t, GatewayRoutes)
	s.node("a")
	s.at("a", 0, "a")
	s.wantAsked("a", "")
	s.at("a", 1, "a")
	s.wantAsked("", "a")
	if port, open := s.port("a", 0); port != s.base+20 || !open {
		t.Errorf("clients are told port %d, %v", port, open)
	}
	s.wantServed("[]", "[0]", "[1]")
}

func TestShardsMayExchangeTheirSlots(t *testing.T) {
	s := serveShards(t, GatewayRoutes)
	s.node("a")
	s.node("b")
	s.at("a", 0, "a", "b", 1, "b")
	s.wantAsked("a", "b")
	s.at("a", 1, "a", "b", 0, "b")
	s.wantAsked("b", "a")
	if s.log.count("ERROR") != 0 {
		t.Error(s.log.buf.String())
	}
}

func TestAShardsNodeMayMove(t *testing.T) {
	s := serveShards(t, GatewayRoutes)
	s.node("here")
	s.node("there")
	s.at("a", 0, "here")
	s.wantAsked("here")
	s.at("a", 0, "there")
	s.wantAsked("there")
	s.at() // a registration that ended: its clients wait
	s.wantAsked("there")
}

// A shard's copies have the same slot; which of them is master may change by hand.
func TestASlaveIsServedFourPortsBehindItsMaster(t *testing.T) {
	s := serveShards(t, GatewayRoutes)
	s.node("one")
	s.node("other")
	for _, addrs := range [][]string{{"one", "other"}, {"other", "one"}} {
		shard := nameserver.Shard{BrokerName: "a"}
		for id, addr := range addrs {
			shard.Nodes = append(shard.Nodes, nameserver.Node{BrokerID: int64(id), Addr: addr, Gateway: true})
		}
		s.reconcile(func() []nameserver.Shard { return []nameserver.Shard{shard} })
		for id, addr := range addrs {
			if port, open := s.port("a", int64(id)); !open || port != s.base+4*id || s.askedAt(port) != addr {
				t.Errorf("brokerId %d: port %d of %d, %v", id, port, s.base, open)
			}
		}
	}
}

func TestAPortInUseIsSaidAndNotTold(t *testing.T) {
	s := serveShards(t, GatewayRoutes)
	s.node("a")
	s.node("b")
	taken, err := net.Listen("tcp", local(route.VIP(s.base)))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.at("a", 0, "a", "b", 1, "b")
	}
	if n := s.log.count("shard not served"); n != 1 {
		t.Errorf("said %d times", n)
	}
	if _, open := s.port("a", 0); open {
		t.Error("clients are told a port that is not open")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.await(ctx, copyID{"a", 0}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("waiting for it: %v", err)
	}
	if err := s.await(ctx, copyID{"b", 0}); err != nil {
		t.Errorf("waiting for the other: %v", err)
	}
	s.wantServed("[]", "[1]")
	taken.Close() // and nobody registers
	for s.await(ctx, copyID{"a", 0}) != nil && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	s.wantAsked("a", "b")
	s.wantServed("[]", "[1]", "[0 1]")
	if n := s.log.count("shard not served"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// wantServed compares what was said of the slots served, from the start on.
func (s *served) wantServed(want ...string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	said := []string{"[]"}
	for _, told := range s.told {
		var slots []int
		for slot := range 8 * len(told) {
			if told.Has(slot) {
				slots = append(slots, slot)
			}
		}
		said = append(said, fmt.Sprint(slots))
	}
	if !slices.Equal(said, want) {
		s.t.Errorf("the slots served were %v, want %v", said, want)
	}
}

func TestWhatOpensNoPorts(t *testing.T) {
	for name, row := range map[string]struct {
		mode  RouteMode
		shard nameserver.Shard
	}{
		"direct routes":                {DirectRoutes, nameserver.Shard{BrokerName: "a", Nodes: []nameserver.Node{{Addr: "a", Gateway: true}}}},
		"a Java broker":                {GatewayRoutes, nameserver.Shard{BrokerName: "a", Nodes: []nameserver.Node{{Addr: "a"}}}},
		"a slot that is not recorded":  {GatewayRoutes, nameserver.Shard{BrokerName: "a", Slot: membership.NoSlot, Nodes: []nameserver.Node{{Addr: "a", Gateway: true}}}},
		"a replica beyond those of us": {GatewayRoutes, nameserver.Shard{BrokerName: "a", Nodes: []nameserver.Node{{BrokerID: 7, Addr: "a", Gateway: true}}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serveShards(t, row.mode)
			s.reconcile(func() []nameserver.Shard { return []nameserver.Shard{row.shard} })
			s.wantAsked("", "")
			if _, open := s.port("a", 0); open || len(s.copies) != 0 {
				t.Error("a copy is held")
			}
		})
	}
}

func TestSettlingReachesEveryNode(t *testing.T) {
	s := serveShards(t, GatewayRoutes)
	s.node("a")
	s.at("a", 0, "a")
	s.wantAsked("a")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := remoting.Dial(ctx, remoting.DialTCP, local(s.base), remoting.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s.settle(ctx)
	if answer, err := c.Invoke(ctx, &remoting.Request{Code: protocol.GetMinOffset}); err != nil || answer.Remark != "the proxy is stopping" {
		t.Errorf("a request afterwards: %+v, %v", answer, err)
	}
}

func TestNothingOpensAfterTheEnd(t *testing.T) {
	s := serveShards(t, GatewayRoutes)
	s.shards.close()
	s.at("a", 0, "a")
	s.wantAsked("")
}

func TestAProxyAnswersItsNameServerPort(t *testing.T) {
	port := basePort(t, 1)
	config := Config{BindAddress: "127.0.0.1", ListenPort: port, ProxyID: "p", Log: slog.New(slog.DiscardHandler)}
	p, err := Start(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(config); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), fmt.Sprint(port)) {
		t.Errorf("a second proxy on the port: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := remoting.Dial(ctx, remoting.DialTCP, local(port), remoting.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	answer, err := c.Invoke(ctx, &remoting.Request{Code: protocol.GetRouteInfoByTopic, Header: topicHeader("none")})
	if err != nil || answer.Code != protocol.TopicNotExist {
		t.Errorf("a topic that does not exist: %+v, %v", answer, err)
	}
	p.Close(ctx)
	if _, err := remoting.DialTCP(ctx, local(port)); err == nil {
		t.Error("the port is open after the end")
	}
	select {
	case <-c.Done():
	case <-ctx.Done():
		t.Error("the connection outlives the proxy")
	}
}

type topicHeader string

func (t topicHeader) Encode(w *remoting.FieldWriter) { w.String("topic", string(t)) }

func TestSettingsThatCannotBeUsedAreNamed(t *testing.T) {
	for want, c := range map[string]Config{
		"routeMode=ring":        {RouteMode: "ring"},
		"gatewayBasePort=2":     {GatewayBasePort: 2},
		"gatewayBasePort=70000": {GatewayBasePort: 70000},
		"proxyConnections=-1":   {Connections: -1},
		"proxyHeldPulls=-2":     {Bounds: upstream.Bounds{HeldPulls: -2}},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", c, err, want)
		}
	}
	if err := (Config{}).Validate(); err != nil {
		t.Error(err)
	}
}
