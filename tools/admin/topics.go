package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// Topics are all that name servers know (code 206), sorted.
func (a *Admin) Topics(ctx context.Context) ([]string, error) {
	var list protocol.TopicList
	err := a.namesrvBody(ctx, protocol.GetAllTopicListFromNameserver, nil, &list)
	slices.Sort(list.TopicList)
	return list.TopicList, err
}

// Route is where a topic is (code 105).
func (a *Admin) Route(ctx context.Context, topic string) (route protocol.TopicRouteData, err error) {
	return route, a.namesrvBody(ctx, protocol.GetRouteInfoByTopic, protocol.GetRouteInfoByTopicRequest{Topic: topic, AcceptStandardJSONOnly: true}, &route)
}

// shards are where a topic is asked about: each shard's master, else a slave.
func (a *Admin) shards(ctx context.Context, topic string) ([]Broker, error) {
	route, err := a.Route(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("route of %s: %w", topic, err)
	}
	var found []Broker
	for _, d := range route.BrokerDatas {
		b := Broker{Cluster: d.Cluster, Name: d.BrokerName, ID: -1}
		for id, addr := range d.BrokerAddrs {
			if b.ID < 0 || id < b.ID {
				b.ID, b.Addr = id, addr
			}
		}
		if b.ID >= 0 {
			found = append(found, b)
		}
	}
	slices.SortFunc(found, func(x, y Broker) int { return strings.Compare(x.Name, y.Name) })
	return found, nil
}

// autoCreateTopic is the topic that others are made after.
const autoCreateTopic = "TBW102"

// UpdateTopic makes or changes a topic in one broker (code 17).
func (a *Admin) UpdateTopic(ctx context.Context, addr string, t protocol.TopicConfig) error {
	_, err := a.ask(ctx, addr, &remoting.Request{Code: protocol.UpdateAndCreateTopic, Header: protocol.UpdateAndCreateTopicRequest{
		Topic: t.TopicName, DefaultTopic: autoCreateTopic, ReadQueueNums: t.ReadQueueNums, WriteQueueNums: t.WriteQueueNums,
		Perm: t.Perm, TopicFilterType: t.TopicFilterType, TopicSysFlag: t.TopicSysFlag, Order: t.Order}})
	return err
}

// DeleteTopic takes a topic from one broker (code 215).
func (a *Admin) DeleteTopic(ctx context.Context, addr, topic string) error {
	_, err := a.ask(ctx, addr, &remoting.Request{Code: protocol.DeleteTopicInBroker, Header: protocol.DeleteTopicInBrokerRequest{Topic: topic}})
	return err
}

// ForgetTopic takes a topic of a cluster from one name server (code 216).
func (a *Admin) ForgetTopic(ctx context.Context, namesrv, topic, cluster string) error {
	_, err := a.ask(ctx, namesrv, &remoting.Request{Code: protocol.DeleteTopicInNamesrv, Header: protocol.DeleteTopicInNamesrvRequest{Topic: topic, ClusterName: cluster}})
	return err
}

// TopicStats are the ends of a topic's queues in all shards (code 202).
func (a *Admin) TopicStats(ctx context.Context, topic string) (protocol.QueueTable[protocol.TopicOffset], error) {
	shards, err := a.shards(ctx, topic)
	if err != nil {
		return nil, err
	}
	all := protocol.QueueTable[protocol.TopicOffset]{}
	for _, b := range shards {
		var t protocol.TopicStatsTable
		if err := a.body(ctx, b.Addr, protocol.GetTopicStatsInfo, protocol.GetTopicStatsInfoRequest{Topic: topic}, &t); err != nil {
			return nil, err
		}
		for q, offsets := range t.OffsetTable {
			all[q] = offsets
		}
	}
	if len(all) == 0 {
		return nil, errors.New("Not found the topic stats info")
	}
	return all, nil
}

// Consumers are the groups that consume a topic (code 300), sorted.
func (a *Admin) Consumers(ctx context.Context, topic string) ([]string, error) {
	shards, err := a.shards(ctx, topic)
	if err != nil || len(shards) == 0 {
		return nil, err
	}
	var list protocol.GroupList
	err = a.body(ctx, shards[0].Addr, protocol.QueryTopicConsumeByWho, protocol.QueryTopicConsumeByWhoRequest{Topic: topic}, &list)
	slices.Sort(list.GroupList)
	return list.GroupList, err
}
