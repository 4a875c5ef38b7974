package nameserver

import (
	"gantry/remoting"
	"gantry/remoting/protocol"
)

// Code 217 REGISTER_TOPIC_IN_NAMESRV: a broker from 5.1 on with
// enableSingleTopicRegister tells of a new topic, and of all of them with its
// next registration. Java: RouteInfoManager.registerTopic of 5.3.3.

func (s *Server) registerTopic(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h protocol.RegisterTopicInNamesrvRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	var route protocol.TopicRouteData
	if len(c.Body) > 0 {
		if err := route.Decode(c.Body); err != nil {
			return nil, err
		}
	}
	if unknown := s.table.RegisterTopic(h.Topic, route.QueueDatas); unknown != "" {
		s.log.Warn("topic of an unknown broker is not registered", "topic", h.Topic, "broker_name", unknown, "remote_addr", from.Remote)
	}
	return &remoting.Response{}, nil
}

// RegisterTopic adds or changes one topic's queues. Where one of its brokers is
// not registered it takes none of them, and returns that broker's name.
func (t *Table) RegisterTopic(topic string, all []protocol.QueueData) (unknown string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, q := range all {
		if t.shards[q.BrokerName] == nil {
			return q.BrokerName
		}
	}
	for _, q := range all {
		t.putQueues(topic, queues{QueueData: q})
	}
	return ""
}
