package nameserver

import (
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// Codes 901 GET_BROKER_MEMBER_GROUP and 904 BROKER_HEARTBEAT, which brokers from
// 5.0 on with enableSlaveActingMaster send each second, 904 oneway. The name
// server tells nobody of a change (notifyMinBrokerIdChanged, code 905): the
// brokers that ask hear of it within a second. Java: DefaultRequestProcessor of
// 5.3.3.

func (s *Server) getBrokerMemberGroup(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h protocol.GetBrokerMemberGroupRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	group := protocol.BrokerMemberGroup{Cluster: h.ClusterName, BrokerName: h.BrokerName}
	if shard, ok := s.table.Shard(h.BrokerName); ok {
		group.BrokerAddrs = s.config.View(from, shard)
	}
	return &remoting.Response{Body: protocol.GetBrokerMemberGroupResponseBody{BrokerMemberGroup: group}.Encode()}, nil
}

func (s *Server) brokerHeartbeat(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.BrokerHeartbeatRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	s.table.Renew(h.BrokerName, h.BrokerAddr, time.Now())
	return &remoting.Response{}, nil
}
