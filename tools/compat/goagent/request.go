package main

import (
	"context"
	"hash/crc32"
	"time"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"

	"gantry/tools/compat/agent"
)

func (a *goAgent) request(r agent.Ask) (any, error) {
	p, err := find[*goProducer](&a.members, r.Member)
	if err != nil {
		return nil, err
	}
	reply, err := p.Request(context.Background(), time.Duration(r.TimeoutMillis)*time.Millisecond, decodeMessage(r.Message))
	if err != nil {
		return nil, err
	}
	return agent.Delivered{ReceivedMillis: time.Now().UnixMilli(), Topic: reply.Topic, Properties: reply.GetProperties(),
		BodyCRC: crc32.ChecksumIEEE(reply.Body), BodyBytes: len(reply.Body)}, nil
}

// reply answers a message with its own body.
func (a *goAgent) reply(replier string, m *primitive.MessageExt) error {
	p, err := find[*goProducer](&a.members, replier)
	if err != nil {
		return err
	}
	reply, err := consumer.CreateReplyMessage(m, m.Body)
	if err != nil {
		return err
	}
	reply.Body = m.Body // v2.1.2 takes the body that it is given for properties
	_, err = p.SendSync(context.Background(), reply)
	return err
}
