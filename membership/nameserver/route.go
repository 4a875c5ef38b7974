package nameserver

import (
	"maps"
	"slices"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// Codes 105 GET_ROUTEINFO_BY_TOPIC, 106 GET_BROKER_CLUSTER_INFO and 304
// GET_SYSTEM_TOPIC_LIST_FROM_NS: the answers that carry addresses, and so pass
// through the View. Java: DefaultRequestProcessor.getRouteInfoByTopic,
// getBrokerClusterInfo, getSystemTopicListFromNs.

// version4_9_4 is the MQVersion from which clients are given a route in standard
// JSON; older ones get it with bare int keys unless they ask otherwise.
const version4_9_4 = 401

// howToGetATopic is what Java's FAQUrl adds to a remark.
const howToGetATopic = "\nSee http://rocketmq.apache.org/docs/faq/ for further details."

func (s *Server) getRouteInfoByTopic(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h protocol.GetRouteInfoByTopicRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	data := s.routeFor(from, h.Topic)
	if len(data.BrokerDatas) == 0 {
		return nil, protocol.Errorf(protocol.TopicNotExist, "No topic route info in name server for the topic: %s%s", h.Topic, howToGetATopic)
	}
	if h.ZoneMode && h.ZoneName != "" {
		data = inZone(data, h.ZoneName)
	}
	if s.settings.Load().OrderMessageEnable {
		data.OrderTopicConf, _ = s.kv.get(NamespaceOrderTopicConfig, h.Topic)
	}
	if c.Version >= version4_9_4 || h.AcceptStandardJSONOnly {
		return &remoting.Response{Body: data.Encode()}, nil
	}
	return &remoting.Response{Body: data.EncodeLegacy()}, nil
}

// routeFor is a topic's route as asker is to see it: a shard for which the View
// has no address is left out with its queues.
func (s *Server) routeFor(asker *remoting.Channel, topic string) protocol.TopicRouteData {
	var data protocol.TopicRouteData
	route, _ := s.table.Route(topic)
	data.TopicQueueMappingByBroker = route.Static
	for i, shard := range route.Shards {
		if broker, ok := s.brokerData(asker, s.withActingMaster(topic, shard, route.Queues[i])); ok {
			data.BrokerDatas = append(data.BrokerDatas, broker)
			data.QueueDatas = append(data.QueueDatas, route.Queues[i])
		}
	}
	return data
}

func (s *Server) brokerData(asker *remoting.Channel, shard Shard) (protocol.BrokerData, bool) {
	addrs := s.config.View(asker, shard)
	return protocol.BrokerData{BrokerAddrs: addrs, BrokerName: shard.BrokerName, Cluster: shard.Cluster,
		ZoneName: shard.ZoneName, EnableActingMaster: shard.ActingMaster}, len(addrs) > 0
}

func (s *Server) getBrokerClusterInfo(_ *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	info := protocol.ClusterInfo{
		BrokerAddrTable:  protocol.Table[string, protocol.BrokerData]{},
		ClusterAddrTable: protocol.Table[string, protocol.Set[string]]{},
	}
	for _, broker := range s.brokersFor(from) {
		info.BrokerAddrTable[broker.BrokerName] = broker
		info.ClusterAddrTable[broker.Cluster] = append(info.ClusterAddrTable[broker.Cluster], broker.BrokerName)
	}
	return &remoting.Response{Body: info.Encode()}, nil
}

// brokersFor is every shard as asker is to see it, by brokerName.
func (s *Server) brokersFor(asker *remoting.Channel) []protocol.BrokerData {
	var all []protocol.BrokerData
	for _, shard := range s.table.Shards() {
		if broker, ok := s.brokerData(asker, shard); ok {
			all = append(all, broker)
		}
	}
	return all
}

// getSystemTopicList names the topics that every cluster and every broker has,
// theirs, and one address to ask for more.
func (s *Server) getSystemTopicList(_ *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var list protocol.TopicList
	names := map[string]bool{}
	for _, broker := range s.brokersFor(from) {
		names[broker.Cluster], names[broker.BrokerName] = true, true
		if list.BrokerAddr == "" {
			list.BrokerAddr = broker.BrokerAddrs[slices.Min(slices.Collect(maps.Keys(broker.BrokerAddrs)))]
		}
	}
	list.TopicList = slices.Sorted(maps.Keys(names))
	return &remoting.Response{Body: list.Encode()}, nil
}
