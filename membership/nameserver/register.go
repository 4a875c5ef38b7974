package nameserver

import (
	"fmt"
	"hash/crc32"
	"time"

	"gantry/membership"
	"gantry/remoting"
	"gantry/remoting/protocol"
)

// Codes 103 REGISTER_BROKER, 104 UNREGISTER_BROKER and 322 QUERY_DATA_VERSION,
// what brokers of 4.x and 5.x and Gantry's nodes send. Filter servers, dead since
// 4.3, are read over. Java: DefaultRequestProcessor.registerBrokerWithFilterServer,
// unregisterBroker, queryBrokerTopicConfig.

// version3_0_11 is the MQVersion from which a registration's body has filter
// servers beside the topics.
const version3_0_11 = 37

func (s *Server) registerBroker(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h membership.RegisterRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	if h.BodyCRC32 != 0 && h.BodyCRC32 != bodyCRC32(c.Body) {
		return nil, protocol.Errorf(protocol.SystemError, "crc32 not match")
	}
	topics, err := decodeTopics(c, h.Compressed)
	if err != nil {
		return nil, err
	}
	done, err := s.table.Register(registration(&h, topics), from, time.Now())
	if err != nil {
		return nil, fmt.Errorf("register %s %d at %s: %w", h.BrokerName, h.BrokerID, h.BrokerAddr, err)
	}
	s.registered(&h, done, from)
	response := &remoting.Response{Header: membership.RegisterResponse{
		RegisterBrokerResponse: protocol.RegisterBrokerResponse{HAServerAddr: done.HAServerAddr, MasterAddr: done.MasterAddr},
		Slot:                   done.Slot,
		SlotWaitMillis:         int32((done.SlotWait + time.Millisecond - 1) / time.Millisecond),
	}}
	if ordered, ok := s.kv.list(NamespaceOrderTopicConfig); ok {
		response.Body = protocol.KVTable{Table: ordered}.Encode()
	}
	return response, nil
}

// bodyCRC32 is Java's UtilAll.crc32, which leaves the sign out.
func bodyCRC32(body []byte) int32 {
	return int32(crc32.ChecksumIEEE(body) & 0x7FFFFFFF)
}

// decodeTopics reads a registration's body; none at all is a broker without
// topics.
func decodeTopics(c *remoting.Command, compressed bool) (protocol.TopicConfigSerializeWrapper, error) {
	var body protocol.RegisterBrokerBody
	var err error
	switch {
	case len(c.Body) == 0:
	case c.Version < version3_0_11:
		err = body.TopicConfig.Decode(c.Body)
	case compressed:
		err = body.DecodeCompressed(c.Body)
	default:
		err = body.Decode(c.Body)
	}
	if err != nil {
		return body.TopicConfig, protocol.Errorf(protocol.SystemError, "Failed to decode RegisterBrokerBody: %v", err)
	}
	return body.TopicConfig, nil
}

func registration(h *membership.RegisterRequest, topics protocol.TopicConfigSerializeWrapper) membership.Registration {
	return membership.Registration{
		Cluster:      h.ClusterName,
		BrokerName:   h.BrokerName,
		BrokerID:     h.BrokerID,
		Addr:         h.BrokerAddr,
		HAServerAddr: h.HAServerAddr,
		DataVersion:  topics.DataVersion,
		Topics:       topics.TopicConfigTable,
		Gateway:      h.Gateway,
		Slot:         h.Slot,

		StaticTopics:           topics.TopicQueueMappingInfoMap,
		HeartbeatTimeoutMillis: h.HeartbeatTimeoutMillis,
		StatesActingMaster:     h.StatesActingMaster,
		EnableActingMaster:     h.EnableActingMaster,
		ZoneName:               h.ZoneName,
	}
}

func (s *Server) registered(h *membership.RegisterRequest, done Registered, from *remoting.Channel) {
	if done.First {
		s.log.Info("broker registered", "cluster", h.ClusterName, "broker_name", h.BrokerName, "broker_id", h.BrokerID,
			"broker_addr", h.BrokerAddr, "gateway", h.Gateway, "remote_addr", from.Remote)
	}
	if done.Outdated {
		s.log.Warn("outdated broker is not registered: another address has its brokerId in a later state", "broker_name", h.BrokerName,
			"broker_id", h.BrokerID, "broker_addr", h.BrokerAddr, "remote_addr", from.Remote)
	}
	if done.SlotRefused != nil {
		s.log.Warn("slot is not granted", "broker_name", h.BrokerName, "broker_id", h.BrokerID,
			"reason", done.SlotRefused, "proposed_slot", done.Slot, "configured", h.Slot.Configured)
	}
	if done.ShardsChanged {
		s.config.OnShardsChanged()
	}
}

func (s *Server) unregisterBroker(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h protocol.UnregisterBrokerRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	if s.table.Unregister(h.BrokerName, h.BrokerAddr, time.Now()) {
		s.log.Info("broker unregistered", "cluster", h.ClusterName, "broker_name", h.BrokerName, "broker_id", h.BrokerID,
			"broker_addr", h.BrokerAddr, "remote_addr", from.Remote)
		s.config.OnShardsChanged()
	}
	return &remoting.Response{}, nil
}

func (s *Server) queryDataVersion(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.QueryDataVersionRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	var stated protocol.DataVersion
	if err := stated.Decode(c.Body); err != nil {
		return nil, err
	}
	known, ok := s.table.Renew(h.BrokerName, h.BrokerAddr, time.Now())
	response := &remoting.Response{Header: protocol.QueryDataVersionResponse{Changed: !ok || known != stated}}
	if ok {
		response.Body = known.Encode()
	}
	return response, nil
}
