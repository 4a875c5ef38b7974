package group

import (
	"fmt"
	"slices"
	"time"

	"gantry/storenode/filter"
)

// Message models (MessageModel).
const (
	Clustering   = "CLUSTERING"
	Broadcasting = "BROADCASTING"
)

// ConsumerData is one consumer group of a heartbeat (ConsumerData), enums by name as they came.
type ConsumerData struct {
	Group            string
	ConsumeType      string
	MessageModel     string
	ConsumeFromWhere string
	Subscriptions    []filter.Subscription
	Notify           bool // the group's notifyConsumerIdsChangedEnable
}

// Subscription is what a group wants of one topic, ready to match. It is never changed in place.
type Subscription struct {
	filter.Subscription
	Matcher filter.Matcher // nil where MatchErr is not
	// MatchErr says why messages cannot be filtered by the expression: *filter.TypeError, *filter.SyntaxError.
	MatchErr error
	// FilterVersion is the version that Matcher is of. It is older than Version where the newest heartbeat had a type but
	// no expression: then the one before goes on counting (ConsumerFilterManager).
	FilterVersion int64
}

// consumerGroup is a consumer group that is online, or whose subscriptions are kept.
type consumerGroup struct {
	consumeType, messageModel, consumeFromWhere string

	notify        bool
	members       map[Channel]*member
	clientIDs     map[string]int           // how many of the members have it
	subscriptions map[string]*Subscription // by topic
	lastSeen      time.Time
}

// RegisterConsumer puts the channel into the group or renews it, and merges the subscriptions (heartbeat, code 34):
// the last heartbeat's type and model count, a topic's subscription is replaced by a newer version, topics no longer
// subscribed go. changed says whether the group has another set of client ids or of topics than before; its members
// get notice of that. Errors: ErrTooManyGroups, ErrTooManyMembers.
func (m *Members) RegisterConsumer(ch Channel, data ConsumerData) (changed bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	g, err := m.groupFor(ch, data.Group)
	if err != nil {
		return false, err
	}
	modelChanged := g.setModel(data)
	topicsChanged, versionsChanged := g.subscribe(data.Subscriptions)
	changed = g.join(ch, m.newMember(ch.ClientID(), time.Now())) || topicsChanged
	m.registrationsOf(ch).consumers[data.Group] = struct{}{}
	if changed {
		m.noteChange(data.Group, g)
	}
	if modelChanged || topicsChanged || versionsChanged {
		m.keepChanged()
	}
	return changed, nil
}

// groupFor returns the group that the channel may join.
func (m *Members) groupFor(ch Channel, name string) (*consumerGroup, error) {
	g := m.consumers[name]
	switch {
	case g == nil && !m.roomForGroup():
		return nil, fmt.Errorf("%w: no place for consumer group %q", ErrTooManyGroups, name)
	case g == nil:
		g = newConsumerGroup()
		m.consumers[name] = g
	case g.members[ch] == nil && len(g.members) >= m.config.MaxMembersPerGroup:
		return nil, fmt.Errorf("%w: consumer group %q", ErrTooManyMembers, name)
	}
	return g, nil
}

func newConsumerGroup() *consumerGroup {
	return &consumerGroup{
		members: map[Channel]*member{}, clientIDs: map[string]int{}, subscriptions: map[string]*Subscription{},
	}
}

// roomForGroup forgets the group that has been offline the longest where the table is full.
func (m *Members) roomForGroup() bool {
	if len(m.consumers) < m.config.MaxGroups {
		return true
	}
	var oldest string
	for name, g := range m.consumers {
		if len(g.members) == 0 && (oldest == "" || g.lastSeen.Before(m.consumers[oldest].lastSeen)) {
			oldest = name
		}
	}
	if oldest == "" {
		return false
	}
	delete(m.consumers, oldest)
	return true
}

func (g *consumerGroup) setModel(data ConsumerData) (changed bool) {
	changed = g.consumeType != data.ConsumeType || g.messageModel != data.MessageModel ||
		g.consumeFromWhere != data.ConsumeFromWhere
	g.consumeType, g.messageModel, g.consumeFromWhere = data.ConsumeType, data.MessageModel, data.ConsumeFromWhere
	g.notify = data.Notify
	return changed
}

// join puts or renews the member; changed says whether its client id is new in the group. A second session of a
// client is no change.
func (g *consumerGroup) join(ch Channel, now *member) (changed bool) {
	g.lastSeen = now.lastSeen
	if old := g.members[ch]; old != nil && old.clientID == now.clientID {
		*old = *now
		return false
	}
	changed = g.leave(ch)
	g.members[ch] = now
	g.clientIDs[now.clientID]++
	return changed || g.clientIDs[now.clientID] == 1
}

// leave takes the member out; changed says whether it was the last with its client id.
func (g *consumerGroup) leave(ch Channel) (changed bool) {
	old := g.members[ch]
	if old == nil {
		return false
	}
	delete(g.members, ch)
	g.clientIDs[old.clientID]--
	if g.clientIDs[old.clientID] > 0 {
		return false
	}
	delete(g.clientIDs, old.clientID)
	return true
}

// subscribe merges a heartbeat's subscriptions (ConsumerGroupInfo.updateSubscription). What is kept of a group that
// was offline does not bind its first member: an application may have been set back to an older version.
func (g *consumerGroup) subscribe(list []filter.Subscription) (topicsChanged, versionsChanged bool) {
	offline := len(g.members) == 0
	for i := range list {
		s := &list[i]
		old := g.subscriptions[s.Topic]
		if old == nil || s.Version > old.Version || offline && s.Version != old.Version {
			g.subscriptions[s.Topic] = renewed(s, old)
			topicsChanged = topicsChanged || old == nil
			versionsChanged = true
		}
	}
	for topic := range g.subscriptions {
		if !slices.ContainsFunc(list, func(s filter.Subscription) bool { return s.Topic == topic }) {
			delete(g.subscriptions, topic)
			topicsChanged = true
		}
	}
	return topicsChanged, versionsChanged
}

func newSubscription(s *filter.Subscription) *Subscription {
	own := &Subscription{Subscription: *s, FilterVersion: s.Version}
	own.Tags = slices.Clone(s.Tags)
	own.Matcher, own.MatchErr = filter.Compile(&own.Subscription)
	return own
}

// renewed is what takes old's place; old may be nil.
func renewed(s *filter.Subscription, old *Subscription) *Subscription {
	own := newSubscription(s)
	if !s.IsTag() && s.Expression == "" && old != nil && !old.IsTag() && old.MatchErr == nil {
		own.Matcher, own.MatchErr, own.FilterVersion = old.Matcher, nil, old.FilterVersion
	}
	return own
}

func (m *Members) removeConsumer(ch Channel, group string) {
	g := m.consumers[group]
	if g == nil || g.members[ch] == nil {
		return
	}
	if g.leave(ch) {
		m.noteChange(group, g)
	}
	if r := m.channels[ch]; r != nil {
		delete(r.consumers, group)
		m.forgetEmpty(ch, r)
	}
}
