package proxy

import (
	"net"
	"slices"
	"sync"

	"gantry/proxy/route"
)

// peers are this proxy and the others that live, as routes need them.
type peers struct {
	told func() // Config.OnSelf

	mu     sync.Mutex // guards what follows
	self   route.Peer
	others []route.Peer
}

func newPeers(c Config) *peers {
	p := &peers{told: c.OnSelf, self: route.Peer{ID: c.ProxyID, Host: c.AdvertiseAddr, BasePort: c.GatewayBasePort}}
	if ip := net.ParseIP(c.BindAddress); p.self.Host == "" && ip != nil && !ip.IsUnspecified() {
		p.self.Host = c.BindAddress
	}
	return p
}

// all begins with this proxy.
func (p *peers) all() []route.Peer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]route.Peer{p.self}, p.others...)
}

// set takes the others from those alive; who has no address is none to send
// clients to.
func (p *peers) set(alive []route.Peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.others = slices.DeleteFunc(slices.Clone(alive), func(o route.Peer) bool { return o.ID == p.self.ID || o.Host == "" })
}

// othersLive reports whether there is a proxy that clients may be sent to instead.
func (p *peers) othersLive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.others, func(o route.Peer) bool { return !o.Draining })
}

// change alters what this proxy states about itself, and says so.
func (p *peers) change(alter func(self *route.Peer)) {
	p.mu.Lock()
	alter(&p.self)
	p.mu.Unlock()
	p.told()
}

// Self is what this proxy states about itself. Its Host is empty where neither
// advertiseAddr nor BindAddress names one: others then know its address only
// from where they heard of it.
func (s *Server) Self() route.Peer { return s.peers.all()[0] }

// SetProxies says which proxies are alive; whether this one is among them does
// not matter. Routes name the new ones, and no others, from now on. Who never
// calls it has a proxy that gives its own addresses only.
func (s *Server) SetProxies(alive []route.Peer) { s.peers.set(alive) }
