package storenode

import (
	"testing"

	"gantry/remoting/protocol"
)

func TestADeletedTopicStaysDeletedHoweverTheNodeEnds(t *testing.T) {
	for name, again := range map[string]func(*scene){"a restart": (*scene).restart, "a kill": func(s *scene) { s.kill(); s.open() }} {
		withNode(t, nil, func(s *scene) {
			p := s.dial()
			p.want(protocol.UpdateAndCreateTopic, newTopic("T", false), nil, protocol.Success, "")
			p.send(to("T"), "old")
			p.want(protocol.DeleteTopicInBroker, protocol.DeleteTopicInBrokerRequest{Topic: "T"}, nil, protocol.Success, "")
			p.want(protocol.GetTopicStatsInfo, protocol.GetTopicStatsInfoRequest{Topic: "T"}, nil, protocol.TopicNotExist, "")
			for range 2 {
				again(s)
				if s.node.topics.Get([]byte("T")) != nil {
					t.Errorf("the topic is back after %s", name)
				}
			}
			p = s.dial()
			p.send(to("T"), "new")
			again(s)
			equal(t, "messages of the topic made anew, after "+name, s.node.store.MaxOffset("T", 0), 1)
		})
	}
}

func TestWhatMayNotBeDeletedIsRefused(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for _, topic := range []string{"", "TBW102", "SCHEDULE_TOPIC_XXXX"} {
			p.want(protocol.DeleteTopicInBroker, protocol.DeleteTopicInBrokerRequest{Topic: topic}, nil, protocol.SystemError, "")
		}
		p.want(protocol.DeleteTopicInBroker, protocol.DeleteTopicInBrokerRequest{Topic: "never-there"}, nil, protocol.Success, "")
	})
	withNode(t, func(c *Config) { c.BrokerRole, c.BrokerID = "SLAVE", 1 }, func(s *scene) {
		p := s.dial()
		p.want(protocol.DeleteTopicInBroker, protocol.DeleteTopicInBrokerRequest{Topic: "T"}, nil, protocol.SystemError, "from slave broker")
		p.want(protocol.DeleteSubscriptionGroup, protocol.DeleteSubscriptionGroupRequest{GroupName: "g"}, nil, protocol.SystemError, "from slave broker")
	})
}

func TestADeletedGroupKeepsItsOffsetsUnlessTheyAreToGo(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for _, group := range []string{"g", "g2"} {
			p.want(protocol.UpdateAndCreateSubscriptionGroup, nil, protocol.NewSubscriptionGroupConfig(group).Encode(), protocol.Success, "")
			p.want(protocol.UpdateConsumerOffset, protocol.UpdateConsumerOffsetRequest{ConsumerGroup: group, Topic: "T", CommitOffset: 5}, nil, protocol.Success, "")
		}
		known := func(group string) (row, offset bool) {
			_, offset = s.node.offsets.Query([]byte("T"), []byte(group), 0)
			return s.node.groups.Get([]byte(group)) != nil, offset
		}
		p.want(protocol.DeleteSubscriptionGroup, protocol.DeleteSubscriptionGroupRequest{GroupName: "g"}, nil, protocol.Success, "")
		if row, offset := known("g"); row || !offset {
			t.Errorf("the row is there: %v, the offset: %v", row, offset)
		}
		p.want(protocol.DeleteSubscriptionGroup, protocol.DeleteSubscriptionGroupRequest{GroupName: "g", RemoveOffset: true}, nil, protocol.Success, "")
		s.kill()
		s.open()
		if row, offset := known("g"); row || offset {
			t.Errorf("the row is there: %v, the offset: %v", row, offset)
		}
		if row, offset := known("g2"); !row || !offset {
			t.Errorf("another group's row is there: %v, its offset: %v", row, offset)
		}
	})
}
