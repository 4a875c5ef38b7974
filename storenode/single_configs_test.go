package storenode

import (
	"testing"

	"gantry/remoting/protocol"
)

func TestToolsAskForOneTopicAndOneGroup(t *testing.T) {
	withNode(t, func(c *Config) { c.AutoCreateGroupEnable = false }, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		var one protocol.TopicConfig
		if err := one.Decode(p.want(protocol.GetTopicConfig, protocol.GetTopicConfigRequest{Topic: "T"}, nil, protocol.Success, "").Body); err != nil {
			t.Fatal(err)
		}
		equal(t, "topic", one.TopicName, "T")
		equal(t, "queues", one.ReadQueueNums, 4)
		equal(t, "permission", one.Perm, 6)
		p.want(protocol.GetTopicConfig, protocol.GetTopicConfigRequest{Topic: "U"}, nil, protocol.TopicNotExist, "No topic in this broker. topic: U")
		p.want(protocol.UpdateAndCreateSubscriptionGroup, nil, protocol.SubscriptionGroupConfig{GroupName: "g", RetryQueueNums: 3}.Encode(), protocol.Success, "")
		var g protocol.SubscriptionGroupConfig
		if err := g.Decode(p.want(protocol.GetSubscriptionGroupConfig, protocol.GetSubscriptionGroupConfigRequest{Group: "g"}, nil, protocol.Success, "").Body); err != nil {
			t.Fatal(err)
		}
		equal(t, "retry queues", g.RetryQueueNums, 3)
		equal(t, "may consume", g.ConsumeEnable, false)
		p.want(protocol.GetSubscriptionGroupConfig, protocol.GetSubscriptionGroupConfigRequest{Group: "nobody"}, nil, protocol.SubscriptionGroupNotExist, "No group in this broker")
	})
}
