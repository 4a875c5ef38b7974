package nameserver

import (
	"encoding/json"
	"maps"
	"slices"

	"gantry/membership"
	"gantry/remoting/protocol"
)

// Route is where a topic's queues are, under the nodes' own addresses. Queues
// and shards are sorted by brokerName.
type Route struct {
	Queues []protocol.QueueData
	Shards []Shard
	Static map[string]json.RawMessage // of a static topic of 5.x, by brokerName: which logical queues it has
}

// queues are a topic's queues in one shard.
type queues struct {
	protocol.QueueData
	static json.RawMessage
}

// Route returns the route of topic; false where no shard has it
// (pickupTopicRouteData).
func (t *Table) Route(topic string) (Route, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	byShard := t.topics[topic]
	if len(byShard) == 0 {
		return Route{}, false
	}
	var route Route
	for _, name := range slices.Sorted(maps.Keys(byShard)) {
		q := byShard[name]
		route.Queues = append(route.Queues, q.QueueData)
		route.Shards = append(route.Shards, t.snapshot(name, t.shards[name]))
		if q.static != nil {
			route.addStatic(name, q.static)
		}
	}
	return route, true
}

func (r *Route) addStatic(brokerName string, static json.RawMessage) {
	if r.Static == nil {
		r.Static = map[string]json.RawMessage{}
	}
	r.Static[brokerName] = static
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

// TopicsBySysFlag returns the topics whose topicSysFlag in the first of their
// shards is as wanted, sorted (topicQueueTableIter).
func (t *Table) TopicsBySysFlag(wanted func(flag int32) bool) []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var names []string
	for topic, byShard := range t.topics {
		if first := slices.Min(slices.Collect(maps.Keys(byShard))); wanted(byShard[first].TopicSysFlag) {
			names = append(names, topic)
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
	maps.DeleteFunc(t.topics[topic], func(brokerName string, _ queues) bool {
		return cluster == "" || t.shards[brokerName].cluster == cluster
	})
	t.dropEmpty(topic)
}

// putTopics goes by each topic's own name; the key it is registered under, which
// is the same from every broker, is Java's to ignore too. Without all it puts
// only those that are not known.
func (t *Table) putTopics(s *shard, r membership.Registration, all bool) {
	for _, c := range r.Topics {
		if _, known := t.topics[c.TopicName][r.BrokerName]; c.TopicName == "" || (known && !all) {
			continue
		}
		perm := c.Perm
		if s.acting && r.BrokerID != masterID {
			perm = withoutWrite(perm)
		}
		t.putQueues(c.TopicName, queues{static: r.StaticTopics[c.TopicName], QueueData: protocol.QueueData{
			BrokerName:     r.BrokerName,
			ReadQueueNums:  c.ReadQueueNums,
			WriteQueueNums: c.WriteQueueNums,
			Perm:           perm,
			TopicSysFlag:   c.TopicSysFlag,
		}})
	}
	if all {
		delete(t.perms, r.BrokerName)
	}
}

func (t *Table) putQueues(topic string, q queues) {
	if t.topics[topic] == nil {
		t.topics[topic] = map[string]queues{}
	}
	t.topics[topic][q.BrokerName] = q
}

func (t *Table) dropTopics(brokerName string) {
	for topic, byShard := range t.topics {
		delete(byShard, brokerName)
		t.dropEmpty(topic)
	}
	delete(t.perms, brokerName)
}

func (t *Table) dropEmpty(topic string) {
	if len(t.topics[topic]) == 0 {
		delete(t.topics, topic)
	}
}
