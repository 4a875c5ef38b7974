package route

import (
	"gantry/membership/nameserver"
	"gantry/remoting"
)

// Shared puts one address into routes for all shards: a proxy's, or that of a
// load balancer in front of them.
type Shared struct {
	Gateway
	BasePort int // this proxy's gatewayBasePort
}

// View implements nameserver.View. A shard has one address, whichever of its
// copies serves; Java brokers keep their own.
func (s Shared) View(asker *remoting.Channel, shard nameserver.Shard) map[int64]string {
	addrs := make(map[int64]string, 1)
	address, served := s.address(asker, shard.Slot)
	placed := false
	for _, n := range shard.Nodes { // by brokerId: the master, or who stands for it
		switch {
		case !n.Gateway:
			addrs[n.BrokerID] = n.Addr
		case served && !placed:
			addrs[n.BrokerID], placed = address, true
		}
	}
	return addrs
}

// address is the same for every shard that the proxies serve.
func (s Shared) address(asker *remoting.Channel, slot int) (string, bool) {
	proxies := s.Proxies()
	serving := make([]Peer, 0, len(proxies))
	for _, p := range proxies {
		if p.Slots.Has(slot) {
			p.Slots = Slots{}.With(0)
			serving = append(serving, p)
		}
	}
	chosen, ok := spread(asker.Remote.Addr(), 0, serving)
	if ok && chosen.ID == proxies[0].ID {
		return address(s.host(asker.Local), SharedPort(s.BasePort)), true
	}
	return address(chosen.Host, SharedPort(chosen.BasePort)), ok
}
