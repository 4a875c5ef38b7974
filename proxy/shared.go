package proxy

import (
	"cmp"
	"maps"
	"slices"

	"gantry/proxy/route"
	"gantry/proxy/session"
	"gantry/remoting"
)

// With routeMode=shared one more port is the address of all shards. Those of the
// slots open as well: records' storeHosts name them, and tools that mean one
// shard.

// openShared serves the address of all shards, where there is one.
func (s *shards) openShared() error {
	if s.config.RouteMode != SharedRoutes {
		return nil
	}
	listeners, err := s.listen(route.SharedPort(s.config.GatewayBasePort))
	if err != nil {
		return err
	}
	for _, l := range listeners {
		s.conns.Serve(l, func(conn *remoting.Conn) remoting.FrameHandler { return session.OpenShared(conn, s.cluster) })
	}
	return nil
}

// share says where the address of all shards leads to now; mu is held.
func (s *shards) share() {
	shards := map[string]session.Shard{}
	for _, id := range slices.SortedFunc(maps.Keys(s.copies), byBrokerID) {
		shards[id.brokerName] = append(shards[id.brokerName], s.copies[id].node)
	}
	s.cluster.Set(shards)
}

func byBrokerID(a, b copyID) int { return cmp.Compare(a.brokerID, b.brokerID) }
