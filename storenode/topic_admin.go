package storenode

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/group"
	"gantry/storenode/topic"
)

// Topics and groups made and changed by hand: codes 17 and 200
// (AdminBrokerProcessor 4.9.7). The answer comes when the change is on the disk
// and the name servers that can be reached have it: who asked may use it at once.
// Different: queue counts that cannot work are refused instead of stored.

type administration struct {
	log    *slog.Logger
	topics *topic.Table
	groups *group.Configs
	// announce returns when every name server within reach knows of the change,
	// or ctx ends.
	announce func(ctx context.Context) error
}

// announceBound is how long an answer waits for name servers: less than what
// makes clients give up on it.
const announceBound = 2 * time.Second

// maxQueueNums bounds a topic's queues, so that a slip does not make millions.
const maxQueueNums = 65536

func (a administration) updateTopic(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h protocol.UpdateAndCreateTopicRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	if err := a.topics.ValidateNew(h.Topic); err != nil {
		return nil, &protocol.Error{Code: protocol.SystemError, Remark: err.Error()}
	}
	if h.TopicFilterType != "SINGLE_TAG" && h.TopicFilterType != "MULTI_TAG" {
		return nil, protocol.Errorf(protocol.SystemError, "topicFilterType = [%s] value invalid", h.TopicFilterType)
	}
	if min(h.ReadQueueNums, h.WriteQueueNums) < 0 || max(h.ReadQueueNums, h.WriteQueueNums) > maxQueueNums {
		return nil, protocol.Errorf(protocol.SystemError, "readQueueNums %d and writeQueueNums %d must lie between 0 and %d", h.ReadQueueNums, h.WriteQueueNums, maxQueueNums)
	}
	a.log.Info("topic updated", "topic", h.Topic, "remote_addr", from.Remote)
	err := a.topics.Update(topic.Topic{Name: h.Topic, Order: h.Order, Perm: topic.Perm(h.Perm), ReadQueueNums: h.ReadQueueNums,
		WriteQueueNums: h.WriteQueueNums, FilterType: h.TopicFilterType, SysFlag: h.TopicSysFlag})
	if err == nil {
		err = a.topics.Flush()
	}
	if err != nil {
		return nil, fmt.Errorf("update topic %s: %w", h.Topic, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), announceBound)
	defer cancel()
	if err := a.announce(ctx); err != nil {
		a.log.Warn("topic not announced in time", "topic", h.Topic, "err", err)
	}
	return ok, nil
}

func (a administration) updateGroup(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var g protocol.SubscriptionGroupConfig
	if err := g.Decode(c.Body); err != nil {
		return nil, err
	}
	if g.GroupName == "" {
		return nil, protocol.Errorf(protocol.SystemError, "the body names no group: groupName is empty")
	}
	a.log.Info("subscription group updated", "group", g.GroupName, "remote_addr", from.Remote)
	err := a.groups.Update(group.Config{
		Name: g.GroupName, BrokerID: g.BrokerID, ConsumeBroadcastEnable: g.ConsumeBroadcastEnable, ConsumeEnable: g.ConsumeEnable,
		ConsumeFromMinEnable: g.ConsumeFromMinEnable, NotifyConsumerIDsChangedEnable: g.NotifyConsumerIDsChangedEnable,
		RetryMaxTimes: g.RetryMaxTimes, RetryQueueNums: g.RetryQueueNums, WhichBrokerWhenConsumeSlowly: g.WhichBrokerWhenConsumeSlowly,
	})
	if err == nil {
		err = a.groups.Flush()
	}
	if err != nil {
		return nil, fmt.Errorf("update group %s: %w", g.GroupName, err)
	}
	return ok, nil
}
