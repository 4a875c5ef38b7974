package nameserver

import (
	"maps"
	"slices"

	"gantry/remoting/protocol"
)

// Route is where a topic's queues are, under the nodes' own addresses. Queues
// and shards are sorted by brokerName.
type Route struct {
	Queues []protocol.QueueData
	Shards []Shard
}

// Route returns the route of topic; false where no shard has it
// (pickupTopicRouteData).
func (t *Table) Route(topic string) (Route, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	queues := t.topics[topic]
	if len(queues) == 0 {
		return Route{}, false
	}
	var route Route
	for _, name := range slices.Sorted(maps.Keys(queues)) {
		route.Queues = append(route.Queues, queues[name])
		route.Shards = append(route.Shards, t.snapshot(name, t.shards[name]))
	}
	return route, true
}

// Topics returns the names of all topics, sorted.
func (t *Table) Topics() []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Sorted(maps.Keys(t.topics))
}

// TopicsOfCluster returns the topics on any shard of a cluster, sorted.
func (t *Table) TopicsOfCluster(cluster string) []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var names []string
	for topic, queues := range t.topics {
		for brokerName := range queues {
			if t.shards[brokerName].cluster == cluster {
				names = append(names, topic)
				break
			}
		}
	}
	slices.Sort(names)
	return names
}

// DeleteTopic forgets a topic, on the shards of one cluster or, where cluster is
// empty, everywhere. A master that still has it brings it back with its next
// data version.
func (t *Table) DeleteTopic(topic, cluster string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.topics[topic], func(brokerName string, _ protocol.QueueData) bool {
		return cluster == "" || t.shards[brokerName].cluster == cluster
	})
	t.dropEmpty(topic)
}

// WipeWritePerm takes the write permission off every queue of a shard and
// returns how many topics that concerned. The master's next data version
// brings the permissions back, as in Java.
func (t *Table) WipeWritePerm(brokerName string) int {
	return t.setPerm(brokerName, func(perm int32) int32 { return perm &^ protocol.PermWrite })
}

// AddWritePerm lets every queue of a shard be read and written.
func (t *Table) AddWritePerm(brokerName string) int {
	return t.setPerm(brokerName, func(int32) int32 { return protocol.PermRead | protocol.PermWrite })
}

func (t *Table) setPerm(brokerName string, change func(perm int32) int32) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	topics := 0
	for _, queues := range t.topics {
		if q, ok := queues[brokerName]; ok {
			q.Perm = change(q.Perm)
			queues[brokerName] = q
			topics++
		}
	}
	return topics
}

// putTopics goes by each topic's own name; the key it is registered under, which
// is the same from every broker, is Java's to ignore too.
func (t *Table) putTopics(brokerName string, configs map[string]protocol.TopicConfig) {
	for _, c := range configs {
		if c.TopicName == "" {
			continue
		}
		queues := t.topics[c.TopicName]
		if queues == nil {
			queues = map[string]protocol.QueueData{}
			t.topics[c.TopicName] = queues
		}
		queues[brokerName] = protocol.QueueData{
			BrokerName:     brokerName,
			ReadQueueNums:  c.ReadQueueNums,
			WriteQueueNums: c.WriteQueueNums,
			Perm:           c.Perm,
			TopicSysFlag:   c.TopicSysFlag,
		}
	}
}

func (t *Table) dropTopics(brokerName string) {
	for topic, queues := range t.topics {
		delete(queues, brokerName)
		t.dropEmpty(topic)
	}
}

func (t *Table) dropEmpty(topic string) {
	if len(t.topics[topic]) == 0 {
		delete(t.topics, topic)
	}
}
