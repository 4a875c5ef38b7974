package nameserver

import (
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// Codes 206 GET_ALL_TOPIC_LIST_FROM_NAMESERVER, 224 GET_TOPICS_BY_CLUSTER, 311
// GET_UNIT_TOPIC_LIST, 312 GET_HAS_UNIT_SUB_TOPIC_LIST, 313
// GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST, 216 DELETE_TOPIC_IN_NAMESRV, 205
// WIPE_WRITE_PERM_OF_BROKER and 327 ADD_WRITE_PERM_OF_BROKER, what mqadmin and
// the dashboard send. Lists are sorted, Java's are in no order. Java:
// DefaultRequestProcessor.

func (s *Server) getAllTopicList(*remoting.Command, *remoting.Channel) (*remoting.Response, error) {
	return topicList(s.table.Topics()), nil
}

func (s *Server) getTopicsByCluster(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.GetTopicsByClusterRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	return topicList(s.table.TopicsOfCluster(h.Cluster)), nil
}

// topicsBySysFlag answers with the topics that have all bits of set and none of
// clear in their topicSysFlag.
func topicsBySysFlag(set, clear int32) answerFunc {
	return func(s *Server, _ *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
		return topicList(s.table.TopicsBySysFlag(func(flag int32) bool { return flag&(set|clear) == set })), nil
	}
}

func topicList(names []string) *remoting.Response {
	return &remoting.Response{Body: protocol.TopicList{TopicList: names}.Encode()}
}

func (s *Server) deleteTopic(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h protocol.DeleteTopicInNamesrvRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	s.table.DeleteTopic(h.Topic, h.ClusterName)
	s.log.Info("topic deleted from routes", "topic", h.Topic, "cluster", h.ClusterName, "remote_addr", from.Remote)
	return &remoting.Response{}, nil
}

func (s *Server) wipeWritePermOfBroker(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h protocol.WipeWritePermOfBrokerRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	topics := s.table.WipeWritePerm(h.BrokerName, time.Now())
	s.log.Info("write permission wiped", "broker_name", h.BrokerName, "topics", topics, "remote_addr", from.Remote)
	return &remoting.Response{Header: protocol.WipeWritePermOfBrokerResponse{WipeTopicCount: int32(topics)}}, nil
}

func (s *Server) addWritePermOfBroker(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h protocol.AddWritePermOfBrokerRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	topics := s.table.AddWritePerm(h.BrokerName, time.Now())
	s.log.Info("write permission added", "broker_name", h.BrokerName, "topics", topics, "remote_addr", from.Remote)
	return &remoting.Response{Header: protocol.AddWritePermOfBrokerResponse{AddTopicCount: int32(topics)}}, nil
}
