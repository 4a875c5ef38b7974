package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gantry/membership/gossip"
	"gantry/membership/nameserver"
	"gantry/proxy"
	"gantry/proxy/route"
	"gantry/remoting/properties"
	"gantry/storenode"
)

// gossipSettings are gossip's keys, the same for every role.
type gossipSettings struct {
	Seeds       string `property:"gossipSeeds"` // host or host:port, `;` between them
	Port        int    `property:"gossipPort"`
	Key         string `property:"gossipKey"`
	NamesrvAddr string `property:"namesrvAddr"` // its hosts are taken for seeds where none are set
}

func defaultGossip() gossipSettings { return gossipSettings{Port: gossip.DefaultPort} }

// Validate names the first setting that cannot be used.
func (s gossipSettings) Validate() error {
	if s.Port < 1 || s.Port > 65535 {
		return properties.Refuse("gossipPort", s.Port, "is not a port from 1 to 65535")
	}
	return nil
}

// seeds are those that are set. Else the hosts of the name servers are taken for
// them: gossip is there, unless they are stock ones. Not those of this machine: of
// several clusters on it one only has the port.
func (s gossipSettings) seeds() []string {
	if s.named() {
		return splitList(s.Seeds)
	}
	var hosts []string
	for _, addr := range splitList(s.NamesrvAddr) {
		host, _, err := net.SplitHostPort(addr)
		if ip := net.ParseIP(host); err == nil && host != "localhost" && !(ip != nil && ip.IsLoopback()) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

func (s gossipSettings) named() bool { return len(splitList(s.Seeds)) > 0 }

// ours reports whether members are the cluster that namesrvAddr names: one of its
// proxies has a port that stands there. Seeds that were only guessed may be
// another cluster's.
func (s gossipSettings) ours(proxies []string) bool {
	return s.named() || slices.ContainsFunc(splitList(s.NamesrvAddr), func(addr string) bool {
		return slices.ContainsFunc(proxies, func(p string) bool { return portOf(p) == portOf(addr) })
	})
}

func portOf(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

func splitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == ',' || r == ' ' })
}

// start runs gossip as c says, bound to a host that may be a name; advertise is
// asked for the address told to others where that is all of this machine's. What
// keeps it from running is one line, and nil: everything works without it.
func (s gossipSettings) start(log *slog.Logger, host string, advertise func() string, c gossip.Config) *gossip.Gossip {
	c.Log, c.Port, c.Seeds, c.SeedsGuessed, c.SeedPort, c.Key = log, s.Port, s.seeds(), !s.named(), s.Port, s.Key
	c.BindAddr = bindIP(host)
	if net.ParseIP(c.BindAddr).IsUnspecified() {
		c.AdvertiseAddr = advertise()
	}
	g, err := gossip.Start(c)
	if err != nil {
		log.Warn("no gossip, registrations work without it", "err", err)
		return nil
	}
	log.Info("gossip listens", "addr", g.LocalAddr(), "id", c.Self.ID, "encrypted", s.Key != "")
	return g
}

// bindIP is the address that a listener at host has.
func bindIP(host string) string {
	if ip, err := net.ResolveIPAddr("ip", host); err == nil && ip.IP != nil {
		return ip.IP.String()
	}
	return "0.0.0.0"
}

// introductionBound is how long a proxy waits for what others know before it
// answers the first question.
const introductionBound = time.Second

// proxyGossip is a proxy among the others. The zero value takes part in nothing.
type proxyGossip struct {
	log   *slog.Logger
	proxy *proxy.Server

	mu     sync.Mutex // guards what follows; held while facts are set, so that the latest count
	gossip *gossip.Gossip
	merged string // why another's account could not be taken last, logged once
}

// prepare joins the others before p answers anybody.
func (m *proxyGossip) prepare(settings gossipSettings, config proxy.Config, p *proxy.Server) {
	m.proxy = p
	g := settings.start(m.log, config.BindAddress, func() string { return proxyAddress(m.log, config.AdvertiseAddr) }, gossip.Config{
		Self:       gossip.Statement{ID: config.ProxyID, Role: gossip.Proxy, Addr: ":" + strconv.Itoa(config.ListenPort), Facts: p.Self().AppendFacts(nil)},
		OnChange:   m.changed,
		LocalState: p.NameServer().Account,
		MergeState: m.merge,
	})
	m.mu.Lock()
	m.gossip = g
	m.mu.Unlock()
	if g == nil {
		return
	}
	m.restate()
	ctx, cancel := context.WithTimeout(context.Background(), introductionBound)
	defer cancel()
	g.Introduced(ctx)
}

// proxyAddress is what others reach a proxy at: advertiseAddr, which is for
// clients, where it is an address of this machine.
func proxyAddress(log *slog.Logger, advertiseAddr string) string {
	own, _ := net.InterfaceAddrs()
	for _, a := range own {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().String() == advertiseAddr {
			return advertiseAddr
		}
	}
	return identity{key: "advertiseAddr"}.address(log)
}

// restate tells the others what the proxy says about itself now.
func (m *proxyGossip) restate() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gossip == nil {
		return
	}
	if err := m.gossip.SetFacts(m.proxy.Self().AppendFacts(nil)); err != nil {
		m.log.Error("other proxies do not hear of this one's ports", "err", err)
	}
}

// share lets the others hear at once what an operator has told this proxy.
func (m *proxyGossip) share() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gossip != nil {
		m.gossip.Share()
	}
}

func (m *proxyGossip) merge(account []byte) {
	err := m.proxy.NameServer().Merge(account)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil && m.merged != err.Error() {
		m.merged = err.Error()
		m.log.Warn("another proxy's registrations are not taken over", "err", err)
	}
}

// changed tells the proxy who lives, and who may not.
func (m *proxyGossip) changed(all []gossip.Member) {
	var proxies []route.Peer
	var suspects []nameserver.NodeID
	for _, member := range all {
		switch {
		case member.Role == gossip.Proxy && member.State == gossip.Alive:
			proxies = append(proxies, peerOf(member))
		case member.Role == gossip.Node && member.State != gossip.Alive:
			suspects = append(suspects, nameserver.NodeID{BrokerName: member.BrokerName, BrokerID: member.BrokerID})
		}
	}
	m.proxy.SetProxies(proxies)
	m.proxy.NameServer().Suspect(suspects)
}

// peerOf is a proxy as routes need it; one whose facts cannot be read has no slots.
func peerOf(member gossip.Member) route.Peer {
	var p route.Peer
	if p.DecodeFacts(member.Facts) != nil {
		return route.Peer{ID: member.ID}
	}
	p.ID = member.ID
	if p.Host == "" {
		p.Host = member.Gossip.Addr().String()
	}
	return p
}

// close says goodbye: routes of the others name the proxy no more.
func (m *proxyGossip) close() {
	m.mu.Lock()
	g := m.gossip
	m.gossip = nil
	m.mu.Unlock()
	if g != nil {
		g.Close()
	}
}

// joinNode has a node register with proxies that nobody has told it of, and know
// whose clients it must wait for. It is nil where there is no gossip.
func joinNode(log *slog.Logger, settings gossipSettings, config storenode.Config, n *storenode.Node) *gossip.Gossip {
	strangers := false // told
	g := settings.start(log, config.BindAddress, func() string { return strings.Trim(config.BrokerIP1, "[]") }, gossip.Config{
		Self: gossip.Statement{
			ID:   fmt.Sprintf("%s/%s/%d", config.BrokerClusterName, config.BrokerName, config.BrokerID),
			Role: gossip.Node, Addr: config.Address(),
			Cluster: config.BrokerClusterName, BrokerName: config.BrokerName, BrokerID: config.BrokerID,
		},
		OnChange: func(all []gossip.Member) {
			proxies := proxiesAlive(all)
			if len(proxies) > 0 && !settings.ours(proxies) {
				if !strangers {
					log.Warn("gossip has found none of the proxies of namesrvAddr, and registers with no other; gossipSeeds names those that are meant", "found", proxies)
				}
				strangers, proxies = true, nil
			}
			n.DiscoverNameServers(proxies)
		},
	})
	if g != nil {
		tellProxies(settings, g, n)
	}
	return g
}

// tellProxies lets a node that has just started know which proxies live, once
// gossip knows all. Where that takes long the node waits for none in particular.
func tellProxies(settings gossipSettings, g *gossip.Gossip, n *storenode.Node) {
	ctx, cancel := context.WithTimeout(context.Background(), introductionBound)
	defer cancel()
	g.Introduced(ctx)
	all := g.Members()
	if ctx.Err() != nil || !settings.ours(proxiesAlive(all)) {
		return
	}
	var ids []string
	for _, member := range all {
		if member.Role == gossip.Proxy && member.State == gossip.Alive {
			ids = append(ids, member.ID)
		}
	}
	n.KnowProxies(ids)
}

// proxiesAlive are where the proxies that live answer a name server's questions.
func proxiesAlive(all []gossip.Member) (addrs []string) {
	for _, member := range all {
		if member.Role == gossip.Proxy && member.State == gossip.Alive {
			addrs = append(addrs, member.Addr)
		}
	}
	return addrs
}
