package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/tools/client"
)

// What became of a message in a group (TrackType).
const (
	Consumed            = "CONSUMED"
	ConsumedButFiltered = "CONSUMED_BUT_FILTERED"
	Pull                = "PULL"
	NotConsumedYet      = "NOT_CONSUME_YET"
	NotOnline           = "NOT_ONLINE"
	Unknown             = "UNKNOWN"
)

// Track is what became of a message in one group.
type Track struct {
	Group string
	Type  string
	Why   string // where it could not be found out
}

// Tracks says for each group that consumes a message's topic whether it has
// passed the message (DefaultMQAdminExtImpl.messageTrackDetail).
func (a *Admin) Tracks(ctx context.Context, m *client.Received) ([]Track, error) {
	groups, err := a.Consumers(ctx, m.Topic)
	if err != nil {
		return nil, err
	}
	var all []Track
	for _, g := range groups {
		all = append(all, a.track(ctx, m, g))
	}
	return all, nil
}

func (a *Admin) track(ctx context.Context, m *client.Received, group string) Track {
	t := Track{Group: group, Type: Unknown}
	members, err := a.Connections(ctx, group)
	consumed := false
	if err == nil && members.ConsumeType != protocol.ConsumePassively {
		t.Type = Pull
		return t
	}
	if err == nil {
		consumed, err = a.consumed(ctx, m, group)
	}
	switch {
	case err != nil:
		t.Type, t.Why = untracked(err)
	case !consumed:
		t.Type = NotConsumedYet
	case filtered(m, members.SubscriptionTable):
		t.Type = ConsumedButFiltered
	default:
		t.Type = Consumed
	}
	return t
}

func untracked(err error) (trackType, why string) {
	var refused *protocol.Error
	if !errors.As(err, &refused) {
		return Unknown, err.Error()
	}
	why = fmt.Sprintf("CODE:%d DESC:%s", refused.Code, refused.Remark)
	if refused.Code == protocol.ConsumerNotOnline {
		return NotOnline, why
	}
	return Unknown, why
}

// consumed reports whether a group is behind a message in the queue where it lies.
func (a *Admin) consumed(ctx context.Context, m *client.Received, group string) (bool, error) {
	progress, err := a.ConsumeStats(ctx, group)
	if err != nil {
		return false, err
	}
	info, err := a.Cluster(ctx)
	if err != nil {
		return false, err
	}
	for q, offsets := range progress.OffsetTable {
		master := info.BrokerAddrTable[q.BrokerName].BrokerAddrs[0]
		if q.Topic == m.Topic && q.QueueID == m.QueueID && sameAddr(master, m.StoreHost.String()) && offsets.ConsumerOffset > m.QueueOffset {
			return true, nil
		}
	}
	return false, nil
}

// filtered reports whether a subscription leaves a message's tag out.
func filtered(m *client.Received, subscriptions map[string]protocol.SubscriptionData) bool {
	s, subscribed := subscriptions[m.Topic]
	tag := string(m.Properties.Get(message.PropertyTags))
	return subscribed && len(s.TagsSet) > 0 && !slices.Contains(s.TagsSet, tag) && !slices.Contains(s.TagsSet, "*")
}
