package group

import (
	"maps"
	"slices"
)

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

// ConsumerIDs returns the client ids of the group's members, sorted and distinct (code 38). It is nil where nobody is
// online.
func (m *Members) ConsumerIDs(group string) []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	g := m.consumers[group]
	if g == nil || len(g.members) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(g.clientIDs))
}
