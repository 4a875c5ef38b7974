package group

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// TopicsOf returns the topics that the group has committed offsets of, sorted.
func (o *Offsets) TopicsOf(group string) []string {
	return o.pairsWhere(func(topic, of string) (string, bool) { return topic, of == group })
}

// GroupsOf returns the groups that have committed offsets of the topic, sorted.
func (o *Offsets) GroupsOf(topic string) []string {
	return o.pairsWhere(func(of, group string) (string, bool) { return group, of == topic })
}

// pairsWhere returns what choose takes of the pairs.
func (o *Offsets) pairsWhere(choose func(topic, group string) (name string, chosen bool)) (names []string) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	for key := range o.pairs {
		topic, group, _ := strings.Cut(key, "@")
		if name, chosen := choose(topic, group); chosen {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Of returns a copy of the group's offsets in the topic by queue id, nil where it has none.
func (o *Offsets) Of(topic, group string) map[int32]int64 {
	ends := o.find([]byte(topic), []byte(group))
	if ends == nil {
		return nil
	}
	ends.mu.Lock()
	defer ends.mu.Unlock()
	offsets := make(map[int32]int64, len(ends.ends))
	for id, e := range ends.ends {
		offsets[id] = e.offset
	}
	return offsets
}

// Clone gives the group to the offsets that the group from has in the topic, instead of its own; nothing changes where
// from has none. Error: ErrOffsetsFull.
func (o *Offsets) Clone(topic, from, to string) error {
	offsets := o.Of(topic, from)
	if offsets == nil {
		return nil
	}
	ends, err := o.add([]byte(topic), []byte(to))
	if err != nil {
		return fmt.Errorf("clone offsets of %s: %w", from, err)
	}
	ends.mu.Lock()
	clear(ends.ends)
	for id, offset := range offsets {
		o.set(ends, id, end{offset: offset, atMillis: time.Now().UnixMilli(), own: o.own != nil})
	}
	ends.mu.Unlock()
	o.saver.Changed()
	return nil
}
