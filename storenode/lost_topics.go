package storenode

import (
	"maps"
	"slices"

	"gantry/storenode/topic"
)

// adoptQueues makes the topics that have queues and no row in the table. A new
// topic's row is written beside its first messages, not before them: a process
// killed in between leaves acknowledged messages that nobody could read.
func (n *Node) adoptQueues() error {
	lost := map[string]int32{}
	for _, q := range n.store.Queues() {
		if n.topics.Get([]byte(q.Topic)) == nil && q.MaxOffset > q.MinOffset {
			lost[q.Topic] = max(lost[q.Topic], q.QueueID+1)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(lost)) {
		if n.topics.IsSystem(name) {
			continue
		}
		t, err := n.topics.CreateInSendBack(name, lost[name], topic.PermReadWrite, 0)
		if err != nil {
			return err
		}
		n.log.Warn("topic made again from its queues", "topic", name, "queues", t.ReadQueueNums)
	}
	return nil
}
