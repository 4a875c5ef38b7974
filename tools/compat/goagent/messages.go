package main

import (
	"hash/crc32"
	"strconv"
	"strings"
	"time"

	"github.com/apache/rocketmq-client-go/v2/primitive"

	"gantry/tools/compat/agent"
)

func decodeMessage(m agent.Message) *primitive.Message {
	out := primitive.NewMessage(m.Topic, agent.Body(m.BodyBytes, m.Seed))
	for key, value := range m.Properties {
		out.WithProperty(key, value)
	}
	if m.Tag != "" {
		out.WithTag(m.Tag)
	}
	if m.Keys != "" {
		out.WithKeys(strings.Fields(m.Keys))
	}
	if m.DelayLevel > 0 {
		out.WithDelayTimeLevel(m.DelayLevel)
	}
	if m.DeliverMillis > 0 {
		out.WithProperty("TIMER_DELIVER_MS", strconv.FormatInt(m.DeliverMillis, 10))
	}
	return out
}

func encodeMessage(m *primitive.MessageExt) *agent.Delivered {
	out := &agent.Delivered{
		ReceivedMillis:  time.Now().UnixMilli(),
		MsgID:           m.MsgId,
		OffsetMsgID:     m.OffsetMsgId,
		Topic:           m.Topic,
		QueueOffset:     m.QueueOffset,
		CommitLogOffset: m.CommitLogOffset,
		ReconsumeTimes:  int(m.ReconsumeTimes),
		SysFlag:         int(m.SysFlag),
		StoreBytes:      int(m.StoreSize),
		BornMillis:      m.BornTimestamp,
		StoredMillis:    m.StoreTimestamp,
		Properties:      m.GetProperties(),
		Tag:             m.GetTags(),
		Keys:            m.GetKeys(),
		BodyCRC:         crc32.ChecksumIEEE(m.Body),
		BodyBytes:       len(m.Body),
	}
	if m.Queue != nil {
		out.Broker, out.QueueID = m.Queue.BrokerName, m.Queue.QueueId
	}
	return out
}

func encodeMessages(messages []*primitive.MessageExt) []*agent.Delivered {
	out := []*agent.Delivered{}
	for _, m := range messages {
		out = append(out, encodeMessage(m))
	}
	return out
}

func decodeQueue(q agent.Queue) *primitive.MessageQueue {
	return &primitive.MessageQueue{Topic: q.Topic, BrokerName: q.Broker, QueueId: q.ID}
}

func encodeQueue(q *primitive.MessageQueue) agent.Queue {
	return agent.Queue{Topic: q.Topic, Broker: q.BrokerName, ID: q.QueueId}
}
