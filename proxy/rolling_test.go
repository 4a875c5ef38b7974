package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gantry/proxy/route"
	"gantry/remoting"
	"gantry/storenode"
	"gantry/storenode/vfs"
	"gantry/tools/client"
)

// tier is several proxies, each on a loopback address of its own, in front of
// nodes. They know of each other as gossip would tell them.
type tier struct {
	t         *testing.T
	mode      RouteMode
	nodes     []string // brokerNames, by slot
	base      int
	namesrvs  string
	restarted int

	mu      sync.Mutex // guards proxies
	proxies []*Server  // nil while one is away

	changed chan struct{} // what a proxy states about itself
	running sync.WaitGroup
}

const tierSize = 3

func startTier(t *testing.T, mode RouteMode, nodes ...string) *tier {
	tr := &tier{t: t, mode: mode, nodes: nodes, base: basePort(t, len(nodes)+1), proxies: make([]*Server, tierSize), changed: make(chan struct{}, 1)}
	stop := make(chan struct{})
	tr.running.Go(func() { tr.spread(stop) })
	t.Cleanup(func() {
		for i := range tr.proxies {
			tr.end(i)
		}
		close(stop)
		tr.running.Wait()
	})
	for i := range tierSize {
		tr.start(i)
		tr.namesrvs += tr.asking(i) + ";"
	}
	for slot, name := range nodes {
		tr.startNode(name, slot)
	}
	for i := range tierSize {
		tr.awaitServing(i)
	}
	return tr
}

func (tr *tier) host(i int) string { return fmt.Sprint("127.0.0.", i+2) }

// asking is where a proxy answers name-server questions: on a port of the slot
// behind the nodes'.
func (tr *tier) asking(i int) string {
	return net.JoinHostPort(tr.host(i), fmt.Sprint(tr.askingPort()))
}

func (tr *tier) askingPort() int { return tr.base + 20*len(tr.nodes) }

// start runs a proxy whose clients ask for routes five times a second.
func (tr *tier) start(i int) {
	tr.t.Helper()
	tr.restarted++
	p, err := Start(Config{BindAddress: tr.host(i), ListenPort: tr.askingPort(), GatewayBasePort: tr.base, RouteMode: tr.mode,
		DrainMillis: 20_000, DrainQuietMillis: 500, RoutePollMillis: 1500, OnSelf: tr.tell,
		ProxyID: fmt.Sprint("proxy-", tr.restarted), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.set(i, p)
}

func (tr *tier) set(i int, p *Server) {
	tr.mu.Lock()
	tr.proxies[i] = p
	tr.mu.Unlock()
	tr.tell()
}

func (tr *tier) live() (all []*Server) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, p := range tr.proxies {
		if p != nil {
			all = append(all, p)
		}
	}
	return all
}

// stop ends a proxy as SIGTERM does.
func (tr *tier) stop(i int) {
	tr.proxies[i].Drain(context.Background())
	tr.end(i)
}

func (tr *tier) end(i int) {
	if p := tr.proxies[i]; p != nil {
		tr.set(i, nil)
		p.Close(context.Background())
	}
}

func (tr *tier) tell() {
	select {
	case tr.changed <- struct{}{}:
	default:
	}
}

func (tr *tier) spread(stop chan struct{}) {
	for {
		select {
		case <-tr.changed:
		case <-stop:
			return
		}
		var all []route.Peer
		for _, p := range tr.live() {
			all = append(all, p.Self())
		}
		for _, p := range tr.live() {
			p.SetProxies(all)
		}
	}
}

func (tr *tier) startNode(name string, slot int) {
	tr.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tr.t.Fatal(err)
	}
	c := storenode.DefaultConfig()
	c.Listener, c.BrokerIP1, c.ListenPort = l, "127.0.0.1", l.Addr().(*net.TCPAddr).Port
	c.BrokerName, c.ShardSlot, c.StorePathRootDir, c.NamesrvAddr = name, slot, "/store", tr.namesrvs
	c.CommitLogFileBytes, c.ConsumeQueueFileBytes, c.MaxMessageBytes = 1<<20, 60_000, 64<<10
	c.MaxHashSlotNum, c.MaxIndexNum, c.Log = 100, 1000, slog.New(slog.DiscardHandler)
	n, err := storenode.Open(c, vfs.NewMem())
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.t.Cleanup(func() { n.Close(context.Background()) })
}

func (tr *tier) awaitServing(i int) {
	tr.t.Helper()
	for slot, name := range tr.nodes {
		for end := time.Now().Add(20 * time.Second); !tr.proxies[i].Self().Slots.Has(slot); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				tr.t.Fatalf("proxy %d does not serve %s", i, name)
			}
		}
		if err := tr.proxies[i].AwaitShard(name); err != nil {
			tr.t.Fatal(err)
		}
	}
}

// client has a loopback address of its own and asks for routes often.
func (tr *tier) client(i int) *client.Client {
	tr.t.Helper()
	namesrvs, err := client.ParseNamesrv(tr.namesrvs)
	if err != nil {
		tr.t.Fatal(err)
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(i+1))}}
	c, err := client.Open(client.Config{Namesrv: namesrvs, RouteMillis: 200, HeartbeatMillis: 200, ClientID: fmt.Sprint("client-", i),
		Dial: func(ctx context.Context, addr string) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", addr) }})
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.t.Cleanup(c.Close)
	return c
}

// clientsOf is how many connections a proxy has on its shards' ports.
func (tr *tier) clientsOf(i int) int {
	_, connections := tr.proxies[i].clients.Quiet()
	return connections
}

func TestARollingRestartFailsNoSend(t *testing.T) {
	tr := startTier(t, GatewayRoutes, "a")
	var sent atomic.Int64
	stop, cancel := context.WithCancel(context.Background())
	var sending sync.WaitGroup
	for i := range 6 {
		p := tr.client(i).Producer(client.ProducerConfig{Group: "g", RetryTimes: -1})
		sending.Go(func() {
			for stop.Err() == nil {
				if _, err := p.Send(context.Background(), &client.Message{Topic: "T", Body: []byte("m")}); err != nil {
					t.Errorf("send: %v", err)
				}
				sent.Add(1)
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	used := 0
	for i := range tierSize {
		time.Sleep(300 * time.Millisecond) // routes are asked for meanwhile
		used += min(tr.clientsOf(i), 1)
		before := sent.Load()
		tr.stop(i)
		if sent.Load() == before {
			t.Errorf("nothing was sent while proxy %d drained", i)
		}
		tr.start(i)
		tr.awaitServing(i)
	}
	cancel()
	sending.Wait()
	if used < tierSize {
		t.Errorf("%d of %d proxies had clients when they were stopped", used, tierSize)
	}
}

func TestADrainingProxyIsNamedByNobodyAndServesOn(t *testing.T) {
	tr := startTier(t, GatewayRoutes, "a")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	leaving := tr.proxies[0]
	there, err := remoting.Dial(ctx, remoting.DialTCP, net.JoinHostPort(tr.host(0), fmt.Sprint(tr.base)), remoting.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	var draining sync.WaitGroup
	stop, leave := context.WithCancel(ctx)
	defer draining.Wait()
	defer leave()
	draining.Go(func() { leaving.Drain(stop) })
	for !leaving.Self().Draining && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	for i := range tierSize {
		for asked := false; !asked || tr.names(ctx, i, tr.host(0)); asked = true { // until all have heard it
			if ctx.Err() != nil {
				t.Fatalf("proxy %d still names the one that drains", i)
			}
		}
	}
	for _, c := range []*remoting.Client{there, tr.dial(ctx, tr.host(0))} {
		if answer, err := c.Invoke(ctx, &remoting.Request{Code: 4711}); err != nil || answer.Code != 3 {
			t.Errorf("a request during the drain: %+v, %v", answer, err)
		}
	}
}

func (tr *tier) dial(ctx context.Context, host string) *remoting.Client {
	tr.t.Helper()
	c, err := remoting.Dial(ctx, remoting.DialTCP, net.JoinHostPort(host, fmt.Sprint(tr.base)), remoting.Limits{}, nil)
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.t.Cleanup(c.Close)
	return c
}

// names reports whether a proxy sends any of many clients to a host.
func (tr *tier) names(ctx context.Context, i int, host string) bool {
	for n := range 20 {
		asker := &remoting.Channel{Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}), 4711),
			Local: netip.MustParseAddrPort(tr.asking(i))}
		shards := tr.proxies[i].nameserver.Table().Shards()
		if len(shards) != 1 {
			tr.t.Fatalf("proxy %d knows %+v", i, shards)
		}
		view := tr.proxies[i].view()
		if h, _, _ := net.SplitHostPort(view(asker, shards[0])[0]); h == host {
			return true
		}
	}
	return ctx.Err() != nil
}
