package route

import (
	"net/netip"
	"strconv"
	"strings"

	"gantry/membership"
	"gantry/membership/nameserver"
	"gantry/remoting"
)

// Gateway puts a proxy's addresses into routes.
type Gateway struct {
	// AdvertiseAddr is the host that clients are told; "" means the address that
	// the asker connected to.
	AdvertiseAddr string
	// Port is where the proxy serves that copy of the shard now.
	Port func(brokerName string, brokerID int64) (port int, open bool)
}

// View implements nameserver.View: a shard whose nodes cannot be reached
// through a proxy, a Java broker's, keeps its own addresses; one whose slot is
// not recorded yet, or whose port is not open yet, is left out.
func (g Gateway) View(asker *remoting.Channel, shard nameserver.Shard) map[int64]string {
	addrs := make(map[int64]string, len(shard.Nodes))
	for _, n := range shard.Nodes {
		if !n.Gateway {
			addrs[n.BrokerID] = n.Addr
		} else if port, open := g.Port(shard.BrokerName, n.BrokerID); open && shard.Slot != membership.NoSlot {
			addrs[n.BrokerID] = g.host(asker.Local) + ":" + strconv.Itoa(port)
		}
	}
	return addrs
}

// host is written without brackets: clients split an address at its last colon.
func (g Gateway) host(local netip.AddrPort) string {
	if g.AdvertiseAddr != "" {
		return strings.Trim(g.AdvertiseAddr, "[]")
	}
	if ip := local.Addr(); ip.IsValid() {
		return ip.WithZone("").String()
	}
	return "127.0.0.1"
}
