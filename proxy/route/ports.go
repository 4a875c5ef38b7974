// Package route is the route as clients see it: which of a proxy's ports stands
// for which copy of which shard, and the addresses put into answers instead of
// the nodes' own (design, How the gateway knows the shard).
//
// It opens no port and holds no shard; proxy does the one, membership/nameserver
// the other.
package route

import "fmt"

// Ports of a slot: the master at the base, replica k behind it, each served at
// two less as well, the VIP port of old clients.
const (
	portsPerSlot    = 20
	portsPerReplica = 4
	maxReplica      = 4
	vipBelow        = 2
)

// Port is where a gateway serves replica brokerID (0 is the master) of the shard
// in slot.
func Port(basePort, slot int, brokerID int64) (int, error) {
	if brokerID < 0 || brokerID > maxReplica {
		return 0, fmt.Errorf("brokerId %d has no gateway port: 0 to %d have", brokerID, maxReplica)
	}
	port := basePort + portsPerSlot*slot + portsPerReplica*int(brokerID)
	if port-vipBelow < 1 || port > 65535 {
		return 0, fmt.Errorf("slot %d from gatewayBasePort %d gives port %d", slot, basePort, port)
	}
	return port, nil
}

// SharedPort is where a gateway with routeMode=shared serves all shards. It lies
// between the ports of slots, which keep their meaning.
func SharedPort(basePort int) int { return basePort + 1 }

// VIP is the port beside port that clients with vipChannelEnabled send to.
func VIP(port int) int { return port - vipBelow }
