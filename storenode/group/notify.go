package group

import "time"

// noteChange makes the group's members get notice soon.
func (m *Members) noteChange(group string, g *consumerGroup) {
	if m.config.OnChange == nil || !g.notify {
		return
	}
	m.changed[group] = struct{}{}
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// run gives notice of changes and looks for expired members until Close.
func (m *Members) run() {
	scan := time.NewTicker(m.config.ScanEvery)
	defer scan.Stop()
	var due <-chan time.Time // set while changes wait for their notice
	for {
		select {
		case <-m.stop:
			return
		case <-m.wake:
			if due == nil {
				due = time.After(m.config.NotifyDelay)
			}
		case <-due:
			due = nil
			m.giveNotice()
		case <-scan.C:
			m.expire(time.Now())
		}
	}
}

// giveNotice calls OnChange for each changed group that still has members.
func (m *Members) giveNotice() {
	m.mu.Lock()
	var groups []string
	for group := range m.changed {
		if g := m.consumers[group]; g != nil && len(g.members) > 0 {
			groups = append(groups, group)
		}
	}
	clear(m.changed)
	m.mu.Unlock()
	for _, group := range groups {
		m.config.OnChange(group)
	}
}

// expire removes who sent no heartbeat for ExpireAfter, and groups that nobody used for KeepOffline.
func (m *Members) expire(now time.Time) {
	m.mu.Lock()
	silent := m.removeSilent(now.Add(-m.config.ExpireAfter))
	m.forgetOffline(now.Add(-m.config.KeepOffline))
	m.mu.Unlock()
	for _, ch := range silent {
		m.log.Warn("a client without heartbeat is dropped", "client_id", ch.ClientID(), "remote_addr", ch.RemoteAddr())
		if m.config.OnExpire != nil {
			m.config.OnExpire(ch)
		}
	}
}

// removeSilent returns the channels that are in no group any more. A channel that is silent in one of its groups only
// stays: clients that drop a consumer do not always say so.
func (m *Members) removeSilent(before time.Time) (silent []Channel) {
	for ch, r := range m.channels {
		for group := range r.producers {
			if m.producers[group][ch].lastSeen.Before(before) {
				m.removeProducer(ch, group)
			}
		}
		for group := range r.consumers {
			if m.consumers[group].members[ch].lastSeen.Before(before) {
				m.removeConsumer(ch, group)
			}
		}
		if r.empty() {
			silent = append(silent, ch)
		}
	}
	return silent
}

func (m *Members) forgetOffline(before time.Time) {
	for name, g := range m.consumers {
		if len(g.members) == 0 && g.lastSeen.Before(before) {
			delete(m.consumers, name)
			m.keepChanged()
		}
	}
}
