package storenode

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/protocol"
)

// heartbeat is one of a consumer of topics, and of a producer.
func heartbeat(client, group, model string, topics ...string) []byte {
	data := protocol.HeartbeatData{ClientID: client, ProducerDataSet: protocol.Set[protocol.ProducerData]{{GroupName: "producers"}}}
	consumer := protocol.ConsumerData{GroupName: group, ConsumeType: protocol.ConsumePassively, MessageModel: model, ConsumeFromWhere: "CONSUME_FROM_LAST_OFFSET"}
	for _, t := range topics {
		consumer.SubscriptionDataSet = append(consumer.SubscriptionDataSet, protocol.SubscriptionData{Topic: t, SubString: "*", SubVersion: 1, ExpressionType: "TAG"})
	}
	data.ConsumerDataSet = append(data.ConsumerDataSet, consumer)
	return data.Encode()
}

func (p *peer) beat(client string, topics ...string) {
	p.s.t.Helper()
	p.want(protocol.HeartBeat, nil, heartbeat(client, "group", protocol.Clustering, topics...), protocol.Success, "")
}

// members is the body that 38 answers.
func (p *peer) members() string {
	p.s.t.Helper()
	var list protocol.GetConsumerListByGroupResponseBody
	answer := p.want(protocol.GetConsumerListByGroup, protocol.GetConsumerListByGroupRequest{ConsumerGroup: "group"}, nil, protocol.Success, "")
	if err := list.Decode(answer.Body); err != nil {
		p.s.t.Fatal(err)
	}
	return fmt.Sprint(list.ConsumerIDList)
}

func TestAHeartbeatMakesTheGroupAndItsRetryTopic(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.dial().beat("c", "T")
		if s.node.groups.Get([]byte("group")) == nil {
			t.Error("no group was made")
		}
		retry := s.node.topics.Get([]byte("%RETRY%group"))
		if retry == nil || retry.ReadQueueNums != 1 || retry.Perm != 6 {
			t.Errorf("the retry topic is %+v", retry)
		}
		equal(t, "producers", len(s.node.members.Producers("producers")), 1)
	})
}

func TestMembersHearOfAChangeOnce(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.allKnown()
		a, b := s.dial(), s.dial()
		a.beat("a", "T")
		equal(t, "a joined: a", a.noticed(), "40 group")
		b.beat("b", "T")
		equal(t, "b joined: a", a.noticed(), "40 group")
		equal(t, "b joined: b", b.noticed(), "40 group")
		a.beat("a", "T")
		b.beat("b", "T")
		equal(t, "beats: a", a.noticed(), "")
		second := s.dial()
		second.beat("a", "T")
		equal(t, "a second session of a: b", b.noticed(), "")
		second.client.Close()
		equal(t, "it ended: b", b.noticed(), "")
		b.beat("b", "T", "U")
		equal(t, "another topic: a", a.noticed(), "40 group")
		a.client.Close()
		equal(t, "a went: b", b.noticed(), "40 group, 40 group")
		equal(t, "b is alone", b.members(), "[b]")
	})
}

func TestAClientUnregisters(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.allKnown()
		a, b := s.dial(), s.dial()
		a.beat("a", "T")
		b.beat("b", "T")
		a.noticed()
		b.want(protocol.UnregisterClient, protocol.UnregisterClientRequest{ClientID: "b", ConsumerGroup: "group", ProducerGroup: "producers"}, nil, protocol.Success, "")
		equal(t, "a", a.noticed(), "40 group")
		equal(t, "members", a.members(), "[a]")
		equal(t, "producers", len(s.node.members.Producers("producers")), 1)
		a.want(protocol.UnregisterClient, protocol.UnregisterClientRequest{ClientID: "stranger", ConsumerGroup: "group"}, nil, protocol.Success, "")
		equal(t, "members", a.members(), "[a]")
	})
}

func TestASilentClientIsNoMemberAfterTwoMinutes(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		a, b := s.dial(), s.dial()
		a.beat("a", "T")
		b.beat("b", "T")
		for range 5 {
			time.Sleep(29 * time.Second)
			a.beat("a", "T")
			b.offset("T", "group", 0) // its connection lives
		}
		equal(t, "members", a.members(), "[a]")
	})
}

func TestTheConsumerListIsSortedAndHasTheCaller(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		c, a, again := s.dial(), s.dial(), s.dial()
		c.beat("c", "T")
		a.beat("a", "T")
		again.beat("a", "T")
		for _, p := range []*peer{c, a, again, s.dial()} {
			equal(t, "members", p.members(), "[a c]")
		}
	})
}

func TestWhereNobodyIsKnownJavaHearsSoAndGoHearsNothing(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		ask := protocol.GetConsumerListByGroupRequest{ConsumerGroup: "group"}
		s.dialJava().want(protocol.GetConsumerListByGroup, ask, nil, protocol.SystemError, "no consumer for this group, group")
		p := s.dial()
		if c := p.askWithin(time.Minute, protocol.GetConsumerListByGroup, ask, nil); c != nil {
			t.Errorf("Go was answered %d", c.Code)
		}
		p.want(protocol.GetConsumerListByGroup, nil, nil, protocol.SystemError, "consumerGroup")
	})
}

func TestGroupsThatWantNoNoticeGetNone(t *testing.T) {
	for _, all := range []bool{true, false} {
		withNode(t, func(c *Config) { c.NotifyIdsChangedEnable = all }, func(s *scene) {
			p := s.dial()
			g := protocol.NewSubscriptionGroupConfig("group")
			g.NotifyConsumerIDsChangedEnable = !all
			p.want(protocol.UpdateAndCreateSubscriptionGroup, nil, g.Encode(), protocol.Success, "")
			p.beat("c", "T")
			equal(t, "notice", p.noticed(), "")
		})
	}
}

func TestSubscriptionsAreChecked(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		check := func(kind string) []byte {
			return protocol.CheckClientRequestBody{ClientID: "c", Group: "g", SubscriptionData: protocol.SubscriptionData{Topic: "T", ExpressionType: kind}}.Encode()
		}
		p.want(protocol.CheckClientConfig, nil, check("TAG"), protocol.Success, "")
		p.want(protocol.CheckClientConfig, nil, nil, protocol.Success, "")
		p.want(protocol.CheckClientConfig, nil, check("SQL92"), protocol.SystemError, "filter message by SQL92")
		p.want(protocol.CheckClientConfig, nil, []byte("{"), protocol.SystemError, "")
		p.want(protocol.HeartBeat, nil, []byte("{"), protocol.SystemError, "")
		equal(t, "logged", s.log.complaints(), "")
	})
}

func TestClientsOfOneChannelAreBounded(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for i := range maxClientsPerChannel {
			p.beat(fmt.Sprint("c", i), "T")
		}
		p.want(protocol.HeartBeat, nil, heartbeat("one more", "group", protocol.Clustering, "T"), protocol.SystemError, "client ids")
		p.beat("c0", "T")
		p.client.Close()
		synctest.Wait()
		equal(t, "members", len(s.node.members.Consumers("group")), 0)
	})
}
