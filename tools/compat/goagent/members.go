package main

import (
	"fmt"
	"sync"

	"gantry/tools/compat/agent"
)

// member is a started producer or consumer.
type member interface{ Shutdown() error }

// members are the producers and consumers of this process by the name their commander gave them.
type members struct {
	mu     sync.Mutex // guards byName
	byName map[string]member
}

func (m *members) put(name string, started member) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, taken := m.byName[name]; taken {
		return fmt.Errorf("member %s exists", name)
	}
	if m.byName == nil {
		m.byName = map[string]member{}
	}
	m.byName[name] = started
	return nil
}

func (m *members) take(name string) (member, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.byName[name]
	if !ok {
		return nil, fmt.Errorf("no member %s", name)
	}
	delete(m.byName, name)
	return found, nil
}

// find is the member of a name and kind.
func find[T member](m *members, name string) (T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.byName[name].(T)
	if !ok {
		return found, fmt.Errorf("no %T named %s", found, name)
	}
	return found, nil
}

func (a *goAgent) shutdown(s agent.Shutdown) (any, error) {
	m, err := a.members.take(s.Member)
	if err != nil {
		return nil, err
	}
	return nil, m.Shutdown()
}
