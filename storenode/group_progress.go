package storenode

import (
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/group"
	"gantry/storenode/store"
	"gantry/storenode/topic"
)

// What queues hold and how far groups have come: codes 202, 208 and 303 (AdminBrokerProcessor 4.9.7).

type progress struct {
	brokerName string
	topics     *topic.Table
	offsets    *group.Offsets
	members    *group.Members
	store      *store.Store
	rates      *group.Rates
}

func (p progress) queue(topic string, id int32) protocol.MessageQueue {
	return protocol.MessageQueue{BrokerName: p.brokerName, QueueID: id, Topic: topic}
}

func (p progress) topic(name string) (*topic.Topic, error) {
	if t := p.topics.Get([]byte(name)); t != nil {
		return t, nil
	}
	return nil, protocol.Errorf(protocol.TopicNotExist, "topic[%s] not exist", name)
}

// storeTime is that of a message in ms, 0 where there is none.
func (p progress) storeTime(topic string, queueID int32, offset int64) (int64, error) {
	if offset < 0 {
		return 0, nil
	}
	at, err := p.store.StoreTimeAt(topic, queueID, offset)
	return max(at, 0), err
}

func (p progress) topicStats(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.GetTopicStatsInfoRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	t, err := p.topic(h.Topic)
	if err != nil {
		return nil, err
	}
	stats := protocol.TopicStatsTable{OffsetTable: protocol.QueueTable[protocol.TopicOffset]{}}
	for id := range t.WriteQueueNums {
		low, high := p.store.Bounds(t.Name, id)
		last, err := p.storeTime(t.Name, id, high-1)
		if err != nil {
			return nil, err
		}
		stats.OffsetTable[p.queue(t.Name, id)] = protocol.TopicOffset{MinOffset: low, MaxOffset: high, LastUpdateTimestamp: last}
	}
	return &remoting.Response{Body: stats.Encode()}, nil
}

func (p progress) consumeStats(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.GetConsumeStatsRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	topics := []string{h.Topic}
	if h.Topic == "" {
		topics = p.offsets.TopicsOf(h.ConsumerGroup)
	}
	stats := protocol.ConsumeStats{OffsetTable: protocol.QueueTable[protocol.OffsetWrapper]{}}
	for _, name := range topics {
		t := p.topics.Get([]byte(name))
		if t == nil || p.members.Skips(h.ConsumerGroup, name) {
			continue
		}
		if err := p.compare(stats, h.ConsumerGroup, t); err != nil {
			return nil, err
		}
		stats.ConsumeTps += p.rates.PerSecond(h.ConsumerGroup, name)
	}
	return &remoting.Response{Body: stats.Encode()}, nil
}

// compare adds a topic's queues to the stats of a group.
func (p progress) compare(stats protocol.ConsumeStats, group string, t *topic.Topic) error {
	for id := range t.ReadQueueNums {
		next, _ := p.offsets.Query([]byte(t.Name), []byte(group), id)
		next = max(next, 0)
		last, err := p.storeTime(t.Name, id, next-1)
		if err != nil {
			return err
		}
		stats.OffsetTable[p.queue(t.Name, id)] = protocol.OffsetWrapper{
			BrokerOffset: p.store.MaxOffset(t.Name, id), ConsumerOffset: next, LastTimestamp: last}
	}
	return nil
}

func (p progress) timeSpan(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.QueryConsumeTimeSpanRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	t, err := p.topic(h.Topic)
	if err != nil {
		return nil, err
	}
	var spans protocol.QueryConsumeTimeSpanBody
	for id := range t.WriteQueueNums {
		span, err := p.span(t.Name, h.Group, id)
		if err != nil {
			return nil, err
		}
		spans.ConsumeTimeSpanSet = append(spans.ConsumeTimeSpanSet, span)
	}
	return &remoting.Response{Body: spans.Encode()}, nil
}

func (p progress) span(topic, group string, queueID int32) (protocol.QueueTimeSpan, error) {
	low, high := p.store.Bounds(topic, queueID)
	next, committed := p.offsets.Query([]byte(topic), []byte(group), queueID)
	if !committed {
		next = -1 // where Java's look-ups find nothing, either
	}
	consumed := next - 1
	if next <= 0 {
		consumed = low
	}
	times := map[int64]int64{}
	for _, offset := range []int64{low, high - 1, consumed, next} {
		at, err := p.store.StoreTimeAt(topic, queueID, offset)
		if err != nil {
			return protocol.QueueTimeSpan{}, err
		}
		times[offset] = at
	}
	span := protocol.QueueTimeSpan{MessageQueue: p.queue(topic, queueID), MinTimeStamp: times[low], MaxTimeStamp: times[high-1], ConsumeTimeStamp: times[consumed]}
	if next < high {
		span.DelayTime = time.Now().UnixMilli() - times[next]
	}
	return span, nil
}
