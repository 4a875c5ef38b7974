package nameserver

import (
	"slices"
	"strings"

	"gantry/remoting/protocol"
)

// inZone leaves of a route the shards of one zone, and those whose master is
// away: they are consumed from wherever a copy is (ZoneRouteRPCHook of 5.3.3).
func inZone(data protocol.TopicRouteData, zone string) protocol.TopicRouteData {
	far := map[string]bool{}
	for _, b := range data.BrokerDatas {
		_, hasMaster := b.BrokerAddrs[masterID]
		far[b.BrokerName] = hasMaster && !strings.EqualFold(b.ZoneName, zone)
	}
	data.BrokerDatas = slices.DeleteFunc(data.BrokerDatas, func(b protocol.BrokerData) bool { return far[b.BrokerName] })
	data.QueueDatas = slices.DeleteFunc(data.QueueDatas, func(q protocol.QueueData) bool { return far[q.BrokerName] })
	return data
}
