package group

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"gantry/remoting/fastjson"
	"gantry/storenode/filter"
)

// keptFile is gantry/subscriptions.json; FORMAT.md describes it.
type keptFile struct {
	Groups map[string]keptGroup `json:"groups"`
}

type keptGroup struct {
	ConsumeType      string                `json:"consumeType"`
	MessageModel     string                `json:"messageModel"`
	ConsumeFromWhere string                `json:"consumeFromWhere"`
	LastSeenMillis   int64                 `json:"lastSeenMillis"`
	Subscriptions    []filter.Subscription `json:"subscriptions"`
}

func (m *Members) encode() []byte {
	m.mu.RLock()
	file := keptFile{Groups: make(map[string]keptGroup, len(m.consumers))}
	for name, g := range m.consumers {
		file.Groups[name] = g.keep()
	}
	m.mu.RUnlock()
	text, err := json.MarshalIndent(file, "", "\t")
	if err != nil {
		panic("BUG: subscriptions cannot be written as JSON: " + err.Error())
	}
	return text
}

func (g *consumerGroup) keep() keptGroup {
	kept := keptGroup{
		ConsumeType: g.consumeType, MessageModel: g.messageModel, ConsumeFromWhere: g.consumeFromWhere,
		LastSeenMillis: g.lastSeen.UnixMilli(),
	}
	for s := range maps.Values(g.subscriptions) {
		kept.Subscriptions = append(kept.Subscriptions, s.Subscription)
	}
	slices.SortFunc(kept.Subscriptions, func(a, b filter.Subscription) int { return strings.Compare(a.Topic, b.Topic) })
	return kept
}

func (m *Members) decode(text []byte) error {
	var file keptFile
	if err := fastjson.Unmarshal(text, &file); err != nil {
		return err
	}
	for name, kept := range file.Groups {
		g := newConsumerGroup()
		g.consumeType, g.messageModel, g.consumeFromWhere = kept.ConsumeType, kept.MessageModel, kept.ConsumeFromWhere
		g.lastSeen = time.UnixMilli(kept.LastSeenMillis)
		for i := range kept.Subscriptions {
			g.subscriptions[kept.Subscriptions[i].Topic] = newSubscription(&kept.Subscriptions[i])
		}
		m.consumers[name] = g
	}
	return nil
}
