package storenode

import (
	"maps"
	"slices"

	"gantry/storenode/configfile"
	"gantry/storenode/topic"
)

// adoptQueues makes the topics that have queues and no row in the table. A new
// topic's row is written beside its first messages, not before them: a process
// killed in between leaves acknowledged messages that nobody could read. What is
// left of deleted topics goes.
func (n *Node) adoptQueues() (err error) {
	if n.deleted, err = openDeletedTopics(configfile.On(n.fs), n.file("gantry", "deleted.json"), n.store.Min()); err != nil {
		return err
	}
	lost, remains := map[string]int32{}, map[string]bool{}
	for _, q := range n.store.Queues() {
		switch {
		case n.topics.Get([]byte(q.Topic)) != nil || q.MaxOffset <= q.MinOffset:
		case n.deleted.remains(n.store, q):
			remains[q.Topic] = true
		default:
			lost[q.Topic] = max(lost[q.Topic], q.QueueID+1)
		}
	}
	for name := range remains {
		if lost[name] > 0 {
			continue // it was made anew
		}
		if err := n.store.DeleteTopic(name); err != nil {
			return err
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
