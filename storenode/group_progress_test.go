package storenode

import (
	"testing"
	"time"

	"gantry/remoting/protocol"
)

func TestTopicStatsSayWhatQueuesHold(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		h := to("T")
		h.QueueID = 1
		began := time.Now().UnixMilli()
		p.send(h, "one")
		p.send(h, "two")
		var stats protocol.TopicStatsTable
		answer := p.want(protocol.GetTopicStatsInfo, protocol.GetTopicStatsInfoRequest{Topic: "T"}, nil, protocol.Success, "")
		if err := stats.Decode(answer.Body); err != nil {
			t.Fatal(err)
		}
		equal(t, "queues", len(stats.OffsetTable), 4)
		of := stats.OffsetTable[protocol.MessageQueue{BrokerName: "shard", Topic: "T", QueueID: 1}]
		equal(t, "first", of.MinOffset, 0)
		equal(t, "end", of.MaxOffset, 2)
		about(t, "last message", time.Duration(of.LastUpdateTimestamp-began)*time.Millisecond, 0)
		p.want(protocol.GetTopicStatsInfo, protocol.GetTopicStatsInfoRequest{Topic: "U"}, nil, protocol.TopicNotExist, "topic[U] not exist")
	})
}

func (p *peer) stats(group, topic string) map[protocol.MessageQueue]protocol.OffsetWrapper {
	p.s.t.Helper()
	return p.consumeStats(group, topic).OffsetTable
}

func (p *peer) consumeStats(group, topic string) (stats protocol.ConsumeStats) {
	p.s.t.Helper()
	answer := p.want(protocol.GetConsumeStats, protocol.GetConsumeStatsRequest{ConsumerGroup: group, Topic: topic}, nil, protocol.Success, "")
	if err := stats.Decode(answer.Body); err != nil {
		p.s.t.Fatal(err)
	}
	return stats
}

func TestConsumeStatsSayHowFastAGroupReads(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for _, topic := range []string{"T", "U"} {
			p.send(to(topic), "one")
			p.want(protocol.UpdateConsumerOffset, commit(topic, "group", 0, 0), nil, protocol.Success, "")
		}
		for range 60 {
			for _, topic := range []string{"T", "U"} {
				p.want(protocol.PullMessage, from(topic, 0, 0), nil, protocol.Success, "")
			}
			time.Sleep(time.Second)
		}
		about := func(what string, got, want float64) {
			t.Helper()
			if got < 0.9*want || got > 1.1*want {
				t.Errorf("%s: %v messages a second, want %v", what, got, want)
			}
		}
		about("one topic", p.consumeStats("group", "T").ConsumeTps, 1)
		about("all topics", p.consumeStats("group", "").ConsumeTps, 2)
		equal(t, "a group that does not read", p.consumeStats("nobody", "T").ConsumeTps, 0)
	})
}

func TestConsumeStatsCompareAGroupWithItsTopics(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for _, topic := range []string{"T", "U"} {
			p.send(to(topic), "one")
			p.send(to(topic), "two")
			p.want(protocol.UpdateConsumerOffset, commit(topic, "group", 0, 1), nil, protocol.Success, "")
		}
		queue := protocol.MessageQueue{BrokerName: "shard", Topic: "T"}
		all := p.stats("group", "")
		equal(t, "queues of both topics", len(all), 8)
		equal(t, "end", all[queue].BrokerOffset, 2)
		equal(t, "next", all[queue].ConsumerOffset, 1)
		if all[queue].LastTimestamp == 0 {
			t.Error("the last message consumed has no time")
		}
		equal(t, "of one topic", len(p.stats("group", "U")), 4)
		equal(t, "of nobody", len(p.stats("nobody", "")), 0)
		s.dial().beat("c", "T")
		equal(t, "of what the group, online, subscribes to", len(p.stats("group", "")), 4)
	})
}

func TestATimeSpanSaysHowOldTheNextMessageIs(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "one")
		time.Sleep(time.Minute)
		p.send(to("T"), "two")
		p.want(protocol.UpdateConsumerOffset, commit("T", "group", 0, 1), nil, protocol.Success, "")
		time.Sleep(time.Second)
		var body protocol.QueryConsumeTimeSpanBody
		answer := p.want(protocol.QueryConsumeTimeSpan, protocol.QueryConsumeTimeSpanRequest{Topic: "T", Group: "group"}, nil, protocol.Success, "")
		if err := body.Decode(answer.Body); err != nil {
			t.Fatal(err)
		}
		equal(t, "queues", len(body.ConsumeTimeSpanSet), 4)
		span := body.ConsumeTimeSpanSet[0]
		about(t, "span", time.Duration(span.MaxTimeStamp-span.MinTimeStamp)*time.Millisecond, time.Minute)
		equal(t, "consumed", span.ConsumeTimeStamp, span.MinTimeStamp)
		about(t, "waiting", time.Duration(span.DelayTime)*time.Millisecond, time.Second)
		equal(t, "of an empty queue", body.ConsumeTimeSpanSet[1].MinTimeStamp, -1)
	})
}
