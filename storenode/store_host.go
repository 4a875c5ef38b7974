package storenode

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// storeHost is the address written into records, where a client finds a message
// by its offset id: storeHostAddr if set; behind a gateway the address that
// proxies state, advertiseAddr and the port of the slot; else brokerIP1 and
// listenPort. What proxies state is recorded, so that the node writes the same
// before the first of them has come back after a restart.
type storeHost struct {
	log      *slog.Logger
	own      netip.AddrPort // configured
	fixed    bool           // by storeHostAddr: proxies change nothing
	identity *identity
	lookup   func(ctx context.Context, network, host string) ([]netip.Addr, error)
	beside   func(f func()) // runs what may wait for a name server

	current atomic.Pointer[netip.AddrPort]

	mu     sync.Mutex // guards stated; held while an address is recorded, so that the last one stated stays
	stated string     // host:port, as the last proxy did
}

// newStoreHost begins with what is recorded.
func newStoreHost(config Config, identity *identity, beside func(f func())) (*storeHost, error) {
	own, err := config.storeHost()
	if err != nil {
		return nil, err
	}
	h := &storeHost{log: config.Log, own: own, fixed: config.StoreHostAddr != "", identity: identity, lookup: config.LookupIP, beside: beside}
	if h.lookup == nil {
		h.lookup = net.DefaultResolver.LookupNetIP
	}
	h.current.Store(&h.own)
	if recorded := identity.gatewayAddr(); !h.fixed && h.fits(recorded.Addr()) {
		h.current.Store(&recorded)
	}
	return h, nil
}

// addr is what a record is written with now.
func (h *storeHost) addr() netip.AddrPort { return *h.current.Load() }

// fits says that records may hold the address: IPv6 ones only where brokerIP1 is
// one, since old clients cannot read them.
func (h *storeHost) fits(ip netip.Addr) bool {
	return ip.IsValid() && (ip.Is4() || h.own.Addr().Is6() && !h.own.Addr().Is4In6())
}

// learn hears from a proxy that joins where clients reach the node, "" where the
// proxy does not know. An address counts when learn returns, a name when it is
// resolved.
func (h *storeHost) learn(stated string) {
	if h.fixed {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stated = stated
	if stated == "" {
		h.take(netip.AddrPort{})
		return
	}
	if addr, err := netip.ParseAddrPort(stated); err == nil {
		h.take(netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()))
		return
	}
	h.beside(func() { h.resolve(stated) })
}

// take records an address and writes with it from then on; the zero one gives
// way to the node's own. mu is held.
func (h *storeHost) take(addr netip.AddrPort) {
	next := addr
	switch {
	case !addr.IsValid():
		next = h.own
	case !h.fits(addr.Addr()):
		h.log.Warn("address of the gateway is not written into messages: IPv6 is, where brokerIP1 is IPv6", "addr", addr, "store_host", h.addr())
		return
	}
	if err := h.identity.recordGatewayAddr(addr); err != nil {
		h.log.Error("address of the gateway is not recorded, and not written into messages", "addr", addr, "err", err)
		return
	}
	if h.addr() != next {
		h.log.Info("address written into messages", "store_host", next, "before", h.addr())
		h.current.Store(&next)
	}
}

// resolveBound is how long a name may take to become an address.
const resolveBound = 5 * time.Second

// resolve looks a name up. It stays as it was where that fails, or where another
// has been stated meanwhile; the next proxy that joins states it again.
func (h *storeHost) resolve(stated string) {
	addr, err := h.lookUp(stated)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.stated != stated:
	case err != nil:
		h.log.Warn("address of the gateway is not resolved, messages are written with another", "gateway_addr", stated, "store_host", h.addr(), "err", err)
	default:
		h.take(addr)
	}
}

func (h *storeHost) lookUp(stated string) (netip.AddrPort, error) {
	host, text, err := net.SplitHostPort(stated)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("port %q: %w", text, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveBound)
	defer cancel()
	found, err := h.lookup(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	ip, ok := h.choose(found)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("%s has no address that records may hold: %v", host, found)
	}
	return netip.AddrPortFrom(ip, uint16(port)), nil
}

// choose prefers an address of brokerIP1's kind.
func (h *storeHost) choose(found []netip.Addr) (ip netip.Addr, ok bool) {
	for _, candidate := range found {
		candidate = candidate.Unmap()
		if h.fits(candidate) && (!ok || !ip.Is6() && candidate.Is6()) {
			ip, ok = candidate, true
		}
	}
	return ip, ok
}
