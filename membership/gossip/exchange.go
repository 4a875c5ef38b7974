package gossip

import (
	"maps"
	"net/netip"
)

// Share exchanges this process's state with everybody who shares one, soon: it
// holds news that are not to wait for the turn of an exchange.
func (g *Gossip) Share() { signal(g.share) }

// keepExchanged lets a process that is new here have the state of everybody who
// shares one at once, instead of when their turn to exchange with it comes.
func (g *Gossip) keepExchanged() {
	had := map[string]bool{} // runs
	for joined := g.joined; ; {
		select {
		case <-joined:
			g.exchangeWith(g.unheard(had))
			close(g.introduced)
			joined = nil
		case <-g.found:
			g.exchangeWith(g.unheard(had))
		case <-g.share:
			g.exchangeWith(g.sharing())
		case <-g.ctx.Done():
			return
		}
	}
}

// unheard are those that share a state, were there before this process, and have
// not been asked for it; they are taken for asked.
func (g *Gossip) unheard(had map[string]bool) []netip.AddrPort {
	self, asked := g.selfRun(), maps.Clone(had)
	clear(had)
	return g.sharers(func(n *run) bool {
		older := n.started <= self.started
		if older {
			had[n.Run] = true
		}
		return older && !asked[n.Run]
	})
}

// sharing are all that share a state.
func (g *Gossip) sharing() []netip.AddrPort { return g.sharers(func(*run) bool { return true }) }

func (g *Gossip) selfRun() *run {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.runs.all[g.name]
}

// sharers are where others are reached that live, share a state and are wanted.
func (g *Gossip) sharers(wanted func(*run) bool) (addrs []netip.AddrPort) {
	if !g.config.shares() {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for name, n := range g.runs.all {
		if name != g.name && n.shares && n.State == Alive && wanted(n) {
			addrs = append(addrs, n.Gossip)
		}
	}
	return addrs[:min(len(addrs), g.config.MaxSeeds)]
}
