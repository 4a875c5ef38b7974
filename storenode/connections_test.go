package storenode

import (
	"fmt"
	"testing"

	"gantry/remoting/protocol"
)

func TestToolsSeeWhoIsConnected(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.want(protocol.GetConsumerConnectionList, protocol.GetConsumerConnectionListRequest{ConsumerGroup: "group"}, nil, protocol.ConsumerNotOnline, "the consumer group[group] not online")
		p.want(protocol.GetProducerConnectionList, protocol.GetProducerConnectionListRequest{ProducerGroup: "producers"}, nil, protocol.SystemError, "the producer group[producers] not exist")
		p.beat("c", "T")
		s.dial().beat("c", "T")
		s.dial().beat("d", "T")
		var consumers protocol.ConsumerConnection
		answer := p.want(protocol.GetConsumerConnectionList, protocol.GetConsumerConnectionListRequest{ConsumerGroup: "group"}, nil, protocol.Success, "")
		if err := consumers.Decode(answer.Body); err != nil {
			t.Fatal(err)
		}
		equal(t, "clients", fmt.Sprint(ids(consumers.ConnectionSet)), "[c d]")
		equal(t, "kind", consumers.ConsumeType+consumers.MessageModel+consumers.ConsumeFromWhere, "CONSUME_PASSIVELYCLUSTERINGCONSUME_FROM_LAST_OFFSET")
		equal(t, "subscription", consumers.SubscriptionTable["T"].SubString, "*")
		var producers protocol.ProducerConnection
		answer = p.want(protocol.GetProducerConnectionList, protocol.GetProducerConnectionListRequest{ProducerGroup: "producers"}, nil, protocol.Success, "")
		if err := producers.Decode(answer.Body); err != nil {
			t.Fatal(err)
		}
		equal(t, "clients", fmt.Sprint(ids(producers.ConnectionSet)), "[c d]")
	})
}

func ids(all []protocol.Connection) (ids []string) {
	for _, c := range all {
		ids = append(ids, c.ClientID)
	}
	return ids
}

func TestToolsSeeWhoConsumesATopic(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.beat("c", "T")
		p.want(protocol.UpdateConsumerOffset, commit("T", "offline", 0, 1), nil, protocol.Success, "")
		p.want(protocol.UpdateConsumerOffset, commit("T", "group", 0, 1), nil, protocol.Success, "")
		p.want(protocol.UpdateConsumerOffset, commit("U", "of another", 0, 1), nil, protocol.Success, "")
		var groups protocol.GroupList
		answer := p.want(protocol.QueryTopicConsumeByWho, protocol.QueryTopicConsumeByWhoRequest{Topic: "T"}, nil, protocol.Success, "")
		if err := groups.Decode(answer.Body); err != nil {
			t.Fatal(err)
		}
		equal(t, "groups", fmt.Sprint(groups.GroupList), "[group offline]")
	})
}
