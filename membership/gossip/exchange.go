package gossip

import "net/netip"

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
		case <-g.ctx.Done():
			return
		}
	}
}

// unheard are those that share a state, were there before this process, and have
// not been asked for it; they are taken for asked.
func (g *Gossip) unheard(had map[string]bool) (addrs []netip.AddrPort) {
	if !g.config.shares() {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	self := g.runs.all[g.name]
	sharing := map[string]bool{}
	for name, n := range g.runs.all {
		if !n.shares || n.State != Alive || n == self || n.started > self.started {
			continue
		}
		sharing[name] = true
		if !had[name] {
			addrs = append(addrs, n.Gossip)
		}
	}
	clear(had)
	for name := range sharing {
		had[name] = true
	}
	return addrs[:min(len(addrs), g.config.MaxSeeds)]
}
