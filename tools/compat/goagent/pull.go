package main

import (
	"context"
	"fmt"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"

	"gantry/tools/compat/agent"
)

const pullTimeout = 30 * time.Second

// startPull serves both kinds: this client has one pull consumer, which pulls where it is told and polls what it was given.
func (a *goAgent) startPull(p agent.PullConsumer) (any, error) {
	started, err := rocketmq.NewPullConsumer(
		consumer.WithNsResolver(nameServers(p.Namesrv)),
		consumer.WithGroupName(p.Group),
		consumer.WithInstance(p.Instance),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
		consumer.WithPullBatchSize(32),
	)
	if err != nil {
		return nil, err
	}
	selector := consumer.MessageSelector{Type: consumer.TAG, Expression: p.Expression}
	if p.SQL {
		selector.Type = consumer.SQL92
	}
	if err := started.Subscribe(p.Topic, selector); err != nil {
		return nil, err
	}
	if err := started.Start(); err != nil {
		return nil, err
	}
	return nil, a.members.put(p.Member, started)
}

func (a *goAgent) pull(p agent.Pull) (any, error) {
	c, err := find[rocketmq.PullConsumer](&a.members, p.Member)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), pullTimeout)
	defer cancel()
	result, err := c.PullFrom(ctx, decodeQueue(p.Queue), p.Offset, p.MaxMessages)
	if err != nil {
		return nil, err
	}
	names := map[primitive.PullStatus]string{
		primitive.PullFound:         "FOUND",
		primitive.PullNoNewMsg:      "NO_NEW_MSG",
		primitive.PullNoMsgMatched:  "NO_MATCHED_MSG",
		primitive.PullOffsetIllegal: "OFFSET_ILLEGAL",
	}
	messages := []agent.Delivered{}
	for _, m := range result.GetMessageExts() {
		messages = append(messages, *encodeMessage(m))
	}
	return agent.PullResult{
		Status: names[result.Status], NextOffset: result.NextBeginOffset,
		MinOffset: result.MinOffset, MaxOffset: result.MaxOffset, Messages: messages,
	}, nil
}

func (a *goAgent) commit(c agent.Commit) (any, error) {
	member, err := find[rocketmq.PullConsumer](&a.members, c.Member)
	if err != nil {
		return nil, err
	}
	if err := member.UpdateOffset(decodeQueue(c.Queue), c.Offset); err != nil {
		return nil, err
	}
	return nil, member.PersistOffset(context.Background(), c.Queue.Topic)
}

func (a *goAgent) committed(c agent.Commit) (any, error) {
	member, err := find[rocketmq.PullConsumer](&a.members, c.Member)
	if err != nil {
		return nil, err
	}
	return member.CurrentOffset(decodeQueue(c.Queue))
}

func (a *goAgent) poll(p agent.Poll) (any, error) {
	member, err := find[rocketmq.PullConsumer](&a.members, p.Member)
	if err != nil {
		return nil, err
	}
	request, err := member.Poll(context.Background(), time.Duration(p.TimeoutMillis)*time.Millisecond)
	if consumer.IsNoNewMsgError(err) {
		return []agent.Delivered{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("poll: %w", err)
	}
	messages := request.GetMsgList()
	member.ACK(context.Background(), request, consumer.ConsumeSuccess)
	return encodeMessages(messages), nil
}
