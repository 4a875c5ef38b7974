package session

import (
	"log/slog"
	"net/netip"
	"sync"
	"time"
)

// refusals are handshakes that were not taken. Who is refused tries again twice
// a second, so not each is a log line: one per address and refusalPeriod.
type refusals struct {
	mu     sync.Mutex // guards all below
	byAddr map[netip.Addr]*refusal
}

type refusal struct {
	logged time.Time
	since  int // refusals not logged
}

const (
	refusalPeriod = time.Minute
	refusedBound  = 1024 // addresses remembered; beyond it all others count as one
)

func (r *refusals) log(log *slog.Logger, from netip.AddrPort, proxyID, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	of := r.of(from.Addr(), now)
	of.since++
	if now.Sub(of.logged) >= refusalPeriod {
		log.Warn("proxy refused", "reason", why, "proxy_id", proxyID, "remote_addr", from, "refusals", of.since)
		of.logged, of.since = now, 0
	}
}

func (r *refusals) of(addr netip.Addr, now time.Time) *refusal {
	if r.byAddr[addr] == nil && len(r.byAddr) >= refusedBound {
		r.forget(now)
	}
	if r.byAddr[addr] == nil && len(r.byAddr) >= refusedBound {
		addr = netip.Addr{}
	}
	if r.byAddr[addr] == nil {
		if r.byAddr == nil {
			r.byAddr = map[netip.Addr]*refusal{}
		}
		r.byAddr[addr] = &refusal{}
	}
	return r.byAddr[addr]
}

// forget drops who has not been logged for so long that the next refusal would
// be.
func (r *refusals) forget(now time.Time) {
	for addr, of := range r.byAddr {
		if now.Sub(of.logged) >= refusalPeriod {
			delete(r.byAddr, addr)
		}
	}
}
