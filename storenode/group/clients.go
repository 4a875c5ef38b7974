package group

import (
	"cmp"
	"slices"
	"strings"
)

// Client is a member of a group: one client id, be its sessions many, as those of a client behind several proxies are.
type Client struct {
	ID string
	// Sessions are where it can be asked, the one that it registered over last first: it is the likeliest to live.
	Sessions []Channel
}

// Consumers returns the members of the consumer group, by id.
func (m *Members) Consumers(group string) []Client {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if g := m.consumers[group]; g != nil {
		return clientsOf(g.members)
	}
	return nil
}

// Producers returns the members of the producer group, by id.
func (m *Members) Producers(group string) []Client {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return clientsOf(m.producers[group])
}

func clientsOf(members map[Channel]*member) []Client {
	byID := map[string][]Channel{}
	for ch, of := range members {
		byID[of.clientID] = append(byID[of.clientID], ch)
	}
	clients := make([]Client, 0, len(byID))
	for id, sessions := range byID {
		slices.SortFunc(sessions, func(a, b Channel) int { return cmp.Compare(members[b].beat, members[a].beat) })
		clients = append(clients, Client{id, sessions})
	}
	slices.SortFunc(clients, func(a, b Client) int { return strings.Compare(a.ID, b.ID) })
	return clients
}

// sessionsOf returns those of one client.
func sessionsOf(members map[Channel]*member, clientID string) (sessions []Channel) {
	for ch, of := range members {
		if of.clientID == clientID {
			sessions = append(sessions, ch)
		}
	}
	return sessions
}
