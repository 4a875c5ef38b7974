package main

import (
	"context"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"

	"gantry/tools/compat/agent"
)

func (a *goAgent) startPush(p agent.PushConsumer) (any, error) {
	started, err := rocketmq.NewPushConsumer(a.pushOptions(p)...)
	if err != nil {
		return nil, err
	}
	for topic, expression := range p.Topics {
		selector := consumer.MessageSelector{Type: consumer.TAG, Expression: expression}
		if p.SQL {
			selector.Type = consumer.SQL92
		}
		if err := started.Subscribe(topic, selector, a.listener(p)); err != nil {
			return nil, err
		}
	}
	if err := started.Start(); err != nil {
		return nil, err
	}
	return nil, a.members.put(p.Member, started)
}

func (a *goAgent) pushOptions(p agent.PushConsumer) []consumer.Option {
	options := []consumer.Option{
		consumer.WithNsResolver(nameServers(p.Namesrv)),
		consumer.WithGroupName(p.Group),
		consumer.WithInstance(p.Instance),
		consumer.WithConsumerOrder(p.Orderly),
		consumer.WithConsumeMessageBatchMaxSize(1),
		consumer.WithSuspendCurrentQueueTimeMillis(200 * time.Millisecond),
		consumer.WithStrategy(a.reportingStrategy(p.Member)),
		consumer.WithNamespace(p.Namespace),
	}
	if p.Trace {
		options = append(options, consumer.WithTrace(traceTo(p.Namesrv)))
	}
	if p.Broadcasting {
		options = append(options, consumer.WithConsumerModel(consumer.BroadCasting))
	}
	if p.FromFirst {
		options = append(options, consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset))
	}
	if p.MaxReconsumeTimes != nil {
		options = append(options, consumer.WithMaxReconsumeTimes(int32(*p.MaxReconsumeTimes)))
	}
	return options
}

type listen = func(context.Context, ...*primitive.MessageExt) (consumer.ConsumeResult, error)

func (a *goAgent) listener(p agent.PushConsumer) listen {
	refused := consumer.ConsumeRetryLater
	if p.Orderly {
		refused = consumer.SuspendCurrentQueueAMoment
	}
	return func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		accepted := true
		for _, m := range messages {
			a.out.write(agent.Line{Event: "delivered", Member: p.Member, Message: encodeMessage(m)})
			accepted = accepted && p.FailTimes >= 0 && int(m.ReconsumeTimes) >= p.FailTimes
			if p.Replier != "" {
				accepted = a.reply(p.Replier, m) == nil && accepted
			}
		}
		if p.HoldMillis > 0 {
			time.Sleep(time.Duration(p.HoldMillis) * time.Millisecond)
		}
		if accepted {
			return consumer.ConsumeSuccess, nil
		}
		return refused, nil
	}
}

// reportingStrategy is the client's own way to share queues out; what it gave this member becomes an event.
func (a *goAgent) reportingStrategy(name string) consumer.AllocateStrategy {
	byTopic := newAssignment()
	return func(group, me string, all []*primitive.MessageQueue, members []string) []*primitive.MessageQueue {
		mine := consumer.AllocateByAveragely(group, me, all, members)
		if queues, changed := byTopic.set(all, mine); changed {
			a.out.write(agent.Line{Event: "assigned", Member: name, Queues: queues})
		}
		return mine
	}
}
