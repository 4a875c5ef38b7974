package registrar

import "slices"

// Name servers that nobody has configured and gossip has found: as long as they
// are known, and a connection to them beyond that. Gossip that loses sight of
// one ends no registration with it.

// Discover says which name servers are known, all of them with each call. The
// node registers with those that are not configured too.
func (r *Registrar) Discover(addrs []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return
	}
	addrs = r.bounded(addrs)
	for _, l := range r.links {
		l.unknown = l.discovered && !slices.Contains(addrs, l.addr)
	}
	for _, addr := range addrs {
		if !slices.ContainsFunc(r.links, func(l *link) bool { return l.addr == addr }) {
			r.open(addr, true)
		}
	}
}

func (r *Registrar) bounded(addrs []string) []string {
	addrs = slices.Compact(slices.Sorted(slices.Values(addrs)))
	if len(addrs) > r.config.MaxDiscovered {
		r.log.Error("not registered with every name server that is known", "known", len(addrs), "bound", r.config.MaxDiscovered)
		addrs = addrs[:r.config.MaxDiscovered]
	}
	return addrs
}

// retire takes l out if it is known no longer.
func (r *Registrar) retire(l *link) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.unknown {
		r.links = slices.DeleteFunc(r.links, func(other *link) bool { return other == l })
	}
	return l.unknown
}

// covered reports whether another link reaches what l would: a name server that
// is configured by its host's name, and discovered by its address.
func (r *Registrar) covered(l *link) bool {
	return l.discovered && slices.ContainsFunc(r.all(), func(other *link) bool { return other != l && other.reaches(l.addr) })
}
