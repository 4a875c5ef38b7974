package group

import "slices"

// View is what a pull must know of its group.
type View struct {
	Known        bool // the group is online, or was and its subscriptions are kept
	Online       bool
	MessageModel string
	Subscription *Subscription // nil where the group does not subscribe to the topic
}

// Lookup returns what is known of a group and of one of its topics. It allocates nothing.
func (m *Members) Lookup(group, topic []byte) View {
	m.mu.RLock()
	defer m.mu.RUnlock()
	g := m.consumers[string(group)]
	if g == nil {
		return View{}
	}
	return View{
		Known: true, Online: len(g.members) > 0,
		MessageModel: g.messageModel, Subscription: g.subscriptions[string(topic)],
	}
}

// ConsumerIDs returns the client ids of the group's members, sorted and distinct (code 38), the caller's among them:
// a client that does not find itself gives up all its queues. It is nil where nobody is online. A caller of "" is
// none.
func (m *Members) ConsumerIDs(group, caller string) []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	g := m.consumers[group]
	if g == nil || len(g.members) == 0 {
		return nil
	}
	ids := make([]string, 0, len(g.clientIDs)+1)
	for id := range g.clientIDs {
		ids = append(ids, id)
	}
	if caller != "" && g.clientIDs[caller] == 0 {
		ids = append(ids, caller)
	}
	slices.Sort(ids)
	return ids
}

// Consumers returns the channels of the consumer group.
func (m *Members) Consumers(group string) []Channel {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.consumerChannels(group)
}

func (m *Members) consumerChannels(group string) []Channel {
	g := m.consumers[group]
	if g == nil {
		return nil
	}
	channels := make([]Channel, 0, len(g.members))
	for ch := range g.members {
		channels = append(channels, ch)
	}
	return channels
}
