package group

import (
	"maps"
	"slices"
	"strings"

	"gantry/storenode/filter"
)

// Description is what tools are told of a consumer group that is online.
type Description struct {
	ConsumeType, MessageModel, ConsumeFromWhere string
	Subscriptions                               []filter.Subscription // by topic's name
	Members                                     []Client              // by id
}

// Describe returns the group; online is false where it has no members.
func (m *Members) Describe(group string) (d Description, online bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	g := m.consumers[group]
	if g == nil || len(g.members) == 0 {
		return d, false
	}
	d = Description{ConsumeType: g.consumeType, MessageModel: g.messageModel, ConsumeFromWhere: g.consumeFromWhere, Members: clientsOf(g.members)}
	for _, topic := range slices.Sorted(maps.Keys(g.subscriptions)) {
		d.Subscriptions = append(d.Subscriptions, g.subscriptions[topic].Subscription)
	}
	return d, true
}

// Consumer returns one member of a consumer group; its Sessions are empty where it is not online.
func (m *Members) Consumer(group, clientID string) Client {
	all := m.Consumers(group)
	i, found := slices.BinarySearchFunc(all, clientID, func(c Client, id string) int { return strings.Compare(c.ID, id) })
	if !found {
		return Client{ID: clientID}
	}
	return all[i]
}

// Subscribers returns the groups that are online and subscribe to the topic, sorted.
func (m *Members) Subscribers(topic string) (groups []string) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for name, g := range m.consumers {
		if len(g.members) > 0 && g.subscriptions[topic] != nil {
			groups = append(groups, name)
		}
	}
	slices.Sort(groups)
	return groups
}

// Skips says that the group is online and does not subscribe to the topic: what it once consumed of it is no matter of
// its any more.
func (m *Members) Skips(group, topic string) bool {
	v := m.Lookup([]byte(group), []byte(topic))
	return v.Online && v.Subscription == nil
}
