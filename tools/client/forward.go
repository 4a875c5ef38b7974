package client

import (
	"errors"
	"fmt"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

// forward is a message, or a batch, ready to be sent any number of times.
type forward struct {
	topic string
	queue *protocol.MessageQueue
	code  int32
	body  []byte
	msgID string
	batch []string // the ids of a batch, where somebody hears of sends
	head  protocol.SendMessageRequest
}

func (p *Producer) prepare(m *Message) (*forward, error) {
	body, sysFlag, err := p.compressor.apply(m.Body)
	if err != nil {
		return nil, err
	}
	properties := m.appendProperties(make(message.Properties, 0, 96+len(m.Keys)+len(m.Tags)), &p.client.ids)
	f := p.newForward(m, protocol.SendMessageV2, body, properties)
	f.head.SysFlag = sysFlag
	return f, nil
}

func (p *Producer) prepareBatch(ms []*Message) (*forward, error) {
	if len(ms) == 0 {
		return nil, errors.New("batch of no messages")
	}
	var body []byte
	var first message.Properties
	var ids []string
	for _, m := range ms {
		if m.Topic != ms[0].Topic || m.DelayLevel > 0 {
			return nil, errors.New("batch of several topics, or with delays")
		}
		properties := m.appendProperties(nil, &p.client.ids)
		if first == nil {
			first = properties
		}
		if p.config.Sent != nil {
			ids = append(ids, string(properties.Get(message.PropertyUniqKey)))
		}
		var err error
		if body, err = message.AppendInner(body, message.Inner{Flag: m.Flag, Body: m.Body, Properties: properties}); err != nil {
			return nil, err
		}
	}
	f := p.newForward(ms[0], protocol.SendBatchMessage, body, message.AppendPair(nil, message.PropertyWait, "true"))
	f.msgID, f.batch = string(first.Get(message.PropertyUniqKey)), ids
	f.head.Batch = true
	return f, nil
}

func (p *Producer) newForward(m *Message, code int32, body []byte, properties message.Properties) *forward {
	return &forward{topic: m.Topic, queue: m.Queue, code: code, body: body,
		msgID: string(properties.Get(message.PropertyUniqKey)),
		head: protocol.SendMessageRequest{
			ProducerGroup: p.group, Topic: []byte(m.Topic), DefaultTopic: []byte(defaultTopic),
			DefaultTopicQueueNums: int32(p.config.DefaultTopicQueueNums),
			BornTimestamp:         time.Now().UnixMilli(), Flag: m.Flag, Properties: properties,
		}}
}

func (f *forward) request(p *Producer, target *Target) *remoting.Request {
	head := f.head
	head.QueueID, head.BrokerName = target.QueueID, []byte(target.BrokerName)
	return &remoting.Request{Code: f.code, Header: &head, Body: f.body}
}

// result reads a broker's answer.
func (f *forward) result(target *Target, answer *remoting.Command, err error) (SendResult, error) {
	result := SendResult{MsgID: f.msgID, Queue: target.MessageQueue}
	if err != nil {
		return result, fmt.Errorf("send to %s: %w", target.MessageQueue, err)
	}
	switch answer.Code {
	case protocol.Success, protocol.FlushDiskTimeout, protocol.SlaveNotAvailable, protocol.FlushSlaveTimeout:
	default:
		return result, fmt.Errorf("send to %s: %w", target.MessageQueue, errorOf(answer))
	}
	var h protocol.SendMessageResponse
	if err := h.Decode(answer.Ext); err != nil {
		return result, fmt.Errorf("answer to send: %w", err)
	}
	result.Status, result.OffsetMsgID = answer.Code, string(h.MsgID)
	traced, _ := answer.Ext.Get(message.PropertyTraceOn)
	result.Region, result.NoTrace = h.Region, string(traced) == "false"
	result.Queue.QueueID, result.QueueOffset, result.TransactionID = h.QueueID, h.QueueOffset, string(h.TransactionID)
	return result, nil
}
