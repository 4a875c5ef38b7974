package route

import (
	"net/netip"
	"strconv"
	"strings"

	"gantry/membership/nameserver"
	"gantry/remoting"
)

// Gateway puts proxies' addresses into routes.
type Gateway struct {
	// AdvertiseAddr is the host that clients of this proxy are told; "" means the
	// address that the asker connected to.
	AdvertiseAddr string
	// Port is where this proxy serves that copy of the shard now.
	Port func(brokerName string, brokerID int64) (port int, open bool)
	// Proxies are those alive, this one first.
	Proxies func() []Peer
}

// View implements nameserver.View: a shard whose nodes cannot be reached
// through a proxy, a Java broker's, keeps its own addresses; one whose slot is
// not recorded yet, or whose ports are open nowhere yet, is left out.
func (g Gateway) View(asker *remoting.Channel, shard nameserver.Shard) map[int64]string {
	addrs := make(map[int64]string, len(shard.Nodes))
	address := g.addresses(asker, shard)
	for _, n := range shard.Nodes {
		if !n.Gateway {
			addrs[n.BrokerID] = n.Addr
		} else if addr, ok := address(n.BrokerID); ok {
			addrs[n.BrokerID] = addr
		}
	}
	return addrs
}

// addresses are those of the proxy that asker is to reach a shard through, by
// brokerId.
func (g Gateway) addresses(asker *remoting.Channel, shard nameserver.Shard) func(brokerID int64) (string, bool) {
	proxies := g.Proxies()
	chosen, ok := spread(asker.Remote.Addr(), shard.Slot, proxies)
	switch {
	case !ok:
		return func(int64) (string, bool) { return "", false }
	case chosen.ID == proxies[0].ID:
		host := g.host(asker.Local)
		return func(brokerID int64) (string, bool) {
			port, open := g.Port(shard.BrokerName, brokerID)
			return address(host, port), open
		}
	}
	return func(brokerID int64) (string, bool) {
		port, err := Port(chosen.BasePort, shard.Slot, brokerID)
		return address(chosen.Host, port), err == nil
	}
}

// host is what asker is told for this proxy.
func (g Gateway) host(local netip.AddrPort) string {
	if g.AdvertiseAddr != "" {
		return g.AdvertiseAddr
	}
	if ip := local.Addr(); ip.IsValid() {
		return ip.WithZone("").String()
	}
	return "127.0.0.1"
}

// address is written without brackets: clients split it at its last colon.
func address(host string, port int) string {
	return strings.Trim(host, "[]") + ":" + strconv.Itoa(port)
}
