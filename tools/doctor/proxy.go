package doctor

import "slices"

// Proxy is where a proxy or name server listens.
type Proxy struct {
	BindAddress   string
	ListenPort    int
	GatewayPort   int    // of the first slot; 0: routes are direct
	AdvertiseAddr string // empty: the address asked
}

func (p *Proxy) ports() []port {
	all := []port{{p.ListenPort, "name server", "listenPort"}}
	if p.GatewayPort == 0 {
		return all
	}
	return append(all, port{p.GatewayPort, "first shard's", "gatewayBasePort"}, port{p.GatewayPort - 2, "first shard's VIP", "gatewayBasePort"})
}

// brokers are the subjects that keep messages.
func brokers(subjects []*Subject) []*Subject {
	return slices.DeleteFunc(slices.Clone(subjects), func(s *Subject) bool { return s.Proxy != nil })
}
