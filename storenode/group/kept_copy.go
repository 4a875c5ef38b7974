package group

// What groups subscribe to, on its way from a master to its slaves: a pull that comes to the slave before its client's
// heartbeat is served from it.

// keepChanged says that what is kept is not what it was; mu is held.
func (m *Members) keepChanged() {
	m.kept++
	m.saver.Changed()
}

// KeptVersion grows with each change of what Kept returns.
func (m *Members) KeptVersion() int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.kept
}

// Kept is what every group subscribes to, as gantry/subscriptions.json has it, and its version.
func (m *Members) Kept() (version int64, text []byte) {
	version = m.KeptVersion()
	return version, m.encode()
}

// AdoptKept takes what another copy's Kept has returned, for all groups that have no members here. Error: what is wrong
// with the text.
func (m *Members) AdoptKept(text []byte) error {
	other := &Members{consumers: map[string]*consumerGroup{}}
	if err := other.decode(text); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, g := range other.consumers {
		own := m.consumers[name]
		if own == nil && !m.roomForGroup() {
			break
		}
		if own == nil || len(own.members) == 0 && !g.lastSeen.Before(own.lastSeen) {
			m.consumers[name] = g
		}
	}
	m.keepChanged()
	return nil
}
