package group

import (
	"cmp"
	"slices"
)

// Producing returns the client of that id as a producer, of whatever groups; its Sessions are empty where it is none.
func (m *Members) Producing(clientID string) Client {
	m.mu.RLock()
	defer m.mu.RUnlock()
	beats := m.producing[clientID]
	c := Client{ID: clientID}
	for ch := range beats {
		c.Sessions = append(c.Sessions, ch)
	}
	slices.SortFunc(c.Sessions, func(a, b Channel) int { return cmp.Compare(beats[b], beats[a]) })
	return c
}

// noteProducing says that the channel registered as a producer just now.
func (m *Members) noteProducing(ch Channel, beat uint64) {
	beats := m.producing[ch.ClientID()]
	if beats == nil {
		beats = map[Channel]uint64{}
		m.producing[ch.ClientID()] = beats
	}
	beats[ch] = beat
}

// endProducing says that the channel is in no producer group any more.
func (m *Members) endProducing(ch Channel) {
	beats := m.producing[ch.ClientID()]
	delete(beats, ch)
	if len(beats) == 0 {
		delete(m.producing, ch.ClientID())
	}
}
