package admin

import (
	"context"
	"errors"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/tools/client"
)

// RetryTopic is where a group's messages come back to; it exists from the group's
// beginning, so its route is that of the group.
func RetryTopic(group string) string { return "%RETRY%" + group }

// DeadTopic is where messages go that a group has given up.
func DeadTopic(group string) string { return "%DLQ%" + group }

// UpdateGroup makes or changes a group in one broker (code 200).
func (a *Admin) UpdateGroup(ctx context.Context, addr string, g protocol.SubscriptionGroupConfig) error {
	_, err := a.ask(ctx, addr, &remoting.Request{Code: protocol.UpdateAndCreateSubscriptionGroup, Body: g.Encode()})
	return err
}

// DeleteGroup takes a group from one broker (code 207), with its offsets if told.
func (a *Admin) DeleteGroup(ctx context.Context, addr, group string, withOffsets bool) error {
	_, err := a.ask(ctx, addr, &remoting.Request{Code: protocol.DeleteSubscriptionGroup, Header: protocol.DeleteSubscriptionGroupRequest{GroupName: group, RemoveOffset: withOffsets}})
	return err
}

// ErrNothingConsumed says that a group has consumed nothing yet.
var ErrNothingConsumed = errors.New("Not found the consumer group consume stats, because return offset table is empty, maybe the consumer not consume any message")

// ConsumeStats is how far a group has come in all shards (code 208).
func (a *Admin) ConsumeStats(ctx context.Context, group string) (all protocol.ConsumeStats, err error) {
	shards, err := a.shards(ctx, RetryTopic(group))
	if err != nil {
		return all, err
	}
	all.OffsetTable = protocol.QueueTable[protocol.OffsetWrapper]{}
	for _, b := range shards {
		one, err := a.consumeStatsAt(ctx, b.Addr, group)
		if err != nil {
			return all, err
		}
		all.ConsumeTps += one.ConsumeTps
		for q, offsets := range one.OffsetTable {
			all.OffsetTable[q] = offsets
		}
	}
	if len(all.OffsetTable) == 0 {
		return all, ErrNothingConsumed
	}
	return all, nil
}

func (a *Admin) consumeStatsAt(ctx context.Context, addr, group string) (one protocol.ConsumeStats, err error) {
	return one, a.body(ctx, addr, protocol.GetConsumeStats, protocol.GetConsumeStatsRequest{ConsumerGroup: group}, &one)
}

// Connections are a group's members (code 203): CONSUMER_NOT_ONLINE where there
// are none.
func (a *Admin) Connections(ctx context.Context, group string) (members protocol.ConsumerConnection, err error) {
	shards, err := a.shards(ctx, RetryTopic(group))
	if err != nil {
		return members, err
	}
	if len(shards) == 0 {
		return members, errNoConsumer()
	}
	return a.ConnectionsAt(ctx, shards[0].Addr, group)
}

// ConnectionsAt is Connections as one broker knows them.
func (a *Admin) ConnectionsAt(ctx context.Context, addr, group string) (members protocol.ConsumerConnection, err error) {
	err = a.body(ctx, addr, protocol.GetConsumerConnectionList, protocol.GetConsumerConnectionListRequest{ConsumerGroup: group}, &members)
	if err == nil && len(members.ConnectionSet) == 0 {
		err = errNoConsumer()
	}
	return members, err
}

func errNoConsumer() error {
	return &protocol.Error{Code: protocol.ConsumerNotOnline, Remark: "Not found the consumer group connection"}
}

// Producers are those of a group that the first shard of a topic knows (code 204).
func (a *Admin) Producers(ctx context.Context, group, topic string) (producers protocol.ProducerConnection, err error) {
	shards, err := a.shards(ctx, topic)
	if err != nil {
		return producers, err
	}
	for _, b := range shards[:min(len(shards), 1)] {
		if err := a.body(ctx, b.Addr, protocol.GetProducerConnectionList, protocol.GetProducerConnectionListRequest{ProducerGroup: group}, &producers); err != nil {
			return producers, err
		}
	}
	if len(producers.ConnectionSet) == 0 {
		return producers, errors.New("Not found the producer group connection")
	}
	return producers, nil
}

// Groups are the subscription groups of one broker, by name (code 201).
func (a *Admin) Groups(ctx context.Context, addr string) (map[string]protocol.SubscriptionGroupConfig, error) {
	var all protocol.SubscriptionGroupWrapper
	err := a.body(ctx, addr, protocol.GetAllSubscriptionGroupConfig, nil, &all)
	return all.SubscriptionGroupTable, err
}

// Reset is what became of one queue of a group that was moved.
type Reset struct {
	Queue  protocol.MessageQueue
	Broker int64 // behind the queue's last message
	Before int64 // where the group was
	ByTime int64 // where the time is
	Now    int64 // where the group is
}

// ResetOnline moves a group whose members are connected (code 222); at is a store
// time in ms, −1 the end. CONSUMER_NOT_ONLINE where none is.
func (a *Admin) ResetOnline(ctx context.Context, group, topic string, at int64, force bool) (protocol.QueueTable[int64], error) {
	shards, err := a.shards(ctx, topic)
	if err != nil {
		return nil, err
	}
	all := protocol.QueueTable[int64]{}
	for _, b := range shards {
		var moved protocol.ResetOffsetBody
		err := a.body(ctx, b.Addr, protocol.InvokeBrokerToResetOffset,
			protocol.InvokeBrokerToResetOffsetRequest{Topic: topic, Group: group, Timestamp: at, IsForce: force, QueueID: -1, Offset: -1}, &moved)
		if err != nil {
			return nil, err
		}
		for q, offset := range moved.OffsetTable {
			all[q] = offset
		}
	}
	return all, nil
}

// ResetOffline moves a group without members, by its offsets alone (codes 208 or
// 202, 29 or 30, and 15).
func (a *Admin) ResetOffline(ctx context.Context, group, topic string, at int64, force bool) ([]Reset, error) {
	route, err := a.FetchRoute(ctx, topic)
	if err != nil {
		return nil, err
	}
	before, err := a.progress(ctx, group, topic)
	if err != nil {
		return nil, err
	}
	var all []Reset
	for i := range route.Subscribe {
		q := &route.Subscribe[i]
		offsets, known := before[q.MessageQueue]
		if !known {
			continue
		}
		moved, err := a.reset(ctx, group, q, offsets, at, force)
		if err != nil {
			return all, err
		}
		all = append(all, moved)
	}
	return all, nil
}

// progress is where a group is in a topic; a shard in which it has consumed
// nothing counts from the beginning.
func (a *Admin) progress(ctx context.Context, group, topic string) (protocol.QueueTable[protocol.OffsetWrapper], error) {
	shards, err := a.shards(ctx, topic)
	if err != nil {
		return nil, err
	}
	all := protocol.QueueTable[protocol.OffsetWrapper]{}
	for _, b := range shards {
		consumed, err := a.consumeStatsAt(ctx, b.Addr, group)
		if err != nil {
			return nil, err
		}
		some := false
		for q, offsets := range consumed.OffsetTable {
			if q.Topic == topic {
				some, all[q] = true, offsets
			}
		}
		if some {
			continue
		}
		var ends protocol.TopicStatsTable
		if err := a.body(ctx, b.Addr, protocol.GetTopicStatsInfo, protocol.GetTopicStatsInfoRequest{Topic: topic}, &ends); err != nil {
			return nil, err
		}
		for q, e := range ends.OffsetTable {
			all[q] = protocol.OffsetWrapper{BrokerOffset: e.MaxOffset, ConsumerOffset: e.MinOffset}
		}
	}
	return all, nil
}

func (a *Admin) reset(ctx context.Context, group string, q *client.Target, offsets protocol.OffsetWrapper, at int64, force bool) (Reset, error) {
	r := Reset{Queue: q.MessageQueue, Broker: offsets.BrokerOffset, Before: offsets.ConsumerOffset, Now: offsets.ConsumerOffset}
	var err error
	if at == -1 {
		r.ByTime, err = a.MaxOffset(ctx, q)
	} else {
		r.ByTime, err = a.SearchOffset(ctx, q, time.UnixMilli(at))
	}
	if err != nil || !force && r.ByTime > r.Before {
		return r, err
	}
	r.Now = r.ByTime
	_, err = a.ask(ctx, q.Addr(0), &remoting.Request{Code: protocol.UpdateConsumerOffset,
		Header: protocol.UpdateConsumerOffsetRequest{ConsumerGroup: group, Topic: q.Topic, QueueID: q.QueueID, CommitOffset: r.Now, BrokerName: q.BrokerName}})
	return r, err
}
