package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"

	"gantry/tools/compat/agent"
)

const asyncTimeout = 60 * time.Second

// goProducer is a started producer and the name server it was told of.
type goProducer struct {
	rocketmq.Producer
	namesrv string
}

func (a *goAgent) startProducer(p agent.Producer) (any, error) {
	options := []producer.Option{
		producer.WithNsResolver(nameServers(p.Namesrv)),
		producer.WithGroupName(p.Group),
		producer.WithInstanceName(p.Instance),
		producer.WithQueueSelector(newSelector()),
		producer.WithNamespace(p.Namespace),
	}
	if p.Trace {
		options = append(options, producer.WithTrace(traceTo(p.Namesrv)))
	}
	started, err := rocketmq.NewProducer(options...)
	if err != nil {
		return nil, err
	}
	if err := started.Start(); err != nil {
		return nil, err
	}
	return nil, a.members.put(p.Member, &goProducer{Producer: started, namesrv: p.Namesrv})
}

func (a *goAgent) send(s agent.Send) (any, error) {
	p, err := find[*goProducer](&a.members, s.Member)
	if err != nil {
		return nil, err
	}
	var messages []*primitive.Message
	for _, given := range s.Messages {
		m := decodeMessage(given)
		if s.Queue != nil {
			m.Queue = decodeQueue(*s.Queue)
		}
		if s.ShardingKey != "" {
			m.WithShardingKey(s.ShardingKey)
		}
		messages = append(messages, m)
	}
	modes := map[agent.Mode]func(*goProducer, []*primitive.Message) ([]agent.SendResult, error){
		agent.Sync: sendSync, agent.Async: sendAsync, agent.Oneway: sendOneway, agent.Batch: sendBatch,
	}
	send, known := modes[s.Mode]
	if !known {
		return nil, fmt.Errorf("unknown mode %s", s.Mode)
	}
	return send(p, messages)
}

func sendSync(p *goProducer, messages []*primitive.Message) ([]agent.SendResult, error) {
	results := []agent.SendResult{}
	for _, m := range messages {
		result, err := p.SendSync(context.Background(), m)
		if err != nil {
			return nil, err
		}
		results = append(results, encodeResult(result))
	}
	return results, nil
}

func sendBatch(p *goProducer, messages []*primitive.Message) ([]agent.SendResult, error) {
	result, err := p.SendSync(context.Background(), messages...)
	if err != nil {
		return nil, err
	}
	return []agent.SendResult{encodeResult(result)}, nil
}

func sendOneway(p *goProducer, messages []*primitive.Message) ([]agent.SendResult, error) {
	for _, m := range messages {
		if err := p.SendOneWay(context.Background(), m); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func sendAsync(p *goProducer, messages []*primitive.Message) ([]agent.SendResult, error) {
	results := make([]agent.SendResult, len(messages))
	var open sync.WaitGroup
	for i, m := range messages {
		open.Add(1)
		once := sync.OnceFunc(open.Done) // the client may call back twice after an error
		err := p.SendAsync(context.Background(), func(_ context.Context, r *primitive.SendResult, err error) {
			if err != nil {
				results[i].Error = err.Error()
			} else {
				results[i] = encodeResult(r)
			}
			once()
		}, m)
		if err != nil {
			return nil, err
		}
	}
	all := make(chan struct{})
	go func() {
		open.Wait()
		close(all)
	}()
	select {
	case <-all:
		return results, nil
	case <-time.After(asyncTimeout):
		return nil, errors.New("callbacks missing after 60 s")
	}
}

func encodeResult(r *primitive.SendResult) agent.SendResult {
	names := map[primitive.SendStatus]string{
		primitive.SendOK:                "SEND_OK",
		primitive.SendFlushDiskTimeout:  "FLUSH_DISK_TIMEOUT",
		primitive.SendFlushSlaveTimeout: "FLUSH_SLAVE_TIMEOUT",
		primitive.SendSlaveNotAvailable: "SLAVE_NOT_AVAILABLE",
	}
	out := agent.SendResult{
		Status: names[r.Status], MsgID: r.MsgID, OffsetMsgID: r.OffsetMsgID, QueueOffset: r.QueueOffset,
	}
	if r.MessageQueue != nil {
		out.Queue = encodeQueue(r.MessageQueue)
	}
	return out
}

// selector takes a message's own queue where it has one, else the queue of its sharding key, else one in turn.
type selector struct{ byKey, inTurn producer.QueueSelector }

func newSelector() *selector {
	return &selector{byKey: producer.NewHashQueueSelector(), inTurn: producer.NewRoundRobinQueueSelector()}
}

func (s *selector) Select(m *primitive.Message, queues []*primitive.MessageQueue, last string) *primitive.MessageQueue {
	switch {
	case m.Queue != nil:
		return m.Queue
	case m.GetShardingKey() != "":
		return s.byKey.Select(m, queues, last)
	default:
		return s.inTurn.Select(m, queues, last)
	}
}

func (a *goAgent) createTopic(c agent.CreateTopic) (any, error) {
	p, err := find[*goProducer](&a.members, c.Member)
	if err != nil {
		return nil, err
	}
	client, err := admin.NewAdmin(admin.WithResolver(nameServers(p.namesrv)))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return nil, client.CreateTopic(context.Background(),
		admin.WithTopicCreate(c.Topic), admin.WithBrokerAddrCreate(c.Broker),
		admin.WithReadQueueNums(c.Queues), admin.WithWriteQueueNums(c.Queues))
}
