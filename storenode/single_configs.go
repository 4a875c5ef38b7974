package storenode

import (
	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/group"
	"gantry/storenode/topic"
)

// One topic and one group, as 5.x tools ask before much else: codes 351 and 352
// (AdminBrokerProcessor 5.3.3).

type singleConfigs struct {
	topics *topic.Table
	groups *group.Configs
}

func (s singleConfigs) topic(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.GetTopicConfigRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	t := s.topics.Get([]byte(h.Topic))
	if t == nil {
		return nil, protocol.Errorf(protocol.TopicNotExist, "No topic in this broker. topic: %s", h.Topic)
	}
	return &remoting.Response{Body: protocol.TopicConfig{Order: t.Order, Perm: int32(t.Perm), ReadQueueNums: t.ReadQueueNums,
		TopicFilterType: t.FilterType, TopicName: t.Name, TopicSysFlag: t.SysFlag, WriteQueueNums: t.WriteQueueNums}.Encode()}, nil
}

func (s singleConfigs) group(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.GetSubscriptionGroupConfigRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	g, err := s.groups.Find([]byte(h.Group))
	if err != nil {
		return nil, protocol.Errorf(protocol.SubscriptionGroupNotExist, "No group in this broker")
	}
	return &remoting.Response{Body: protocol.SubscriptionGroupConfig{
		BrokerID: g.BrokerID, ConsumeBroadcastEnable: g.ConsumeBroadcastEnable, ConsumeEnable: g.ConsumeEnable, ConsumeFromMinEnable: g.ConsumeFromMinEnable,
		GroupName: g.Name, NotifyConsumerIDsChangedEnable: g.NotifyConsumerIDsChangedEnable, RetryMaxTimes: g.RetryMaxTimes,
		RetryQueueNums: g.RetryQueueNums, WhichBrokerWhenConsumeSlowly: g.WhichBrokerWhenConsumeSlowly}.Encode()}, nil
}
