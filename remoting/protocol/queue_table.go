package protocol

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"gantry/remoting/fastjson"
)

// QueueTable is a map by queue. On the wire its keys are objects, {{"brokerName":"b","queueId":0,"topic":"t"}:1}: tools
// before 4.8 read no other form.
type QueueTable[V any] map[MessageQueue]V

// append writes the table, queues in order of topic, shard and id.
func (t QueueTable[V]) append(dst []byte) []byte {
	dst = append(dst, '{')
	for i, q := range slices.SortedFunc(maps.Keys(t), compareQueues) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, marshal(q)...), ':')
		dst = append(dst, marshal(t[q])...)
	}
	return append(dst, '}')
}

func compareQueues(a, b MessageQueue) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.BrokerName, b.BrokerName), cmp.Compare(a.QueueID, b.QueueID))
}

// UnmarshalJSON reads the standard form of a table: its keys are texts that hold a queue.
func (t *QueueTable[V]) UnmarshalJSON(text []byte) error {
	var plain map[string]V
	if err := json.Unmarshal(text, &plain); err != nil {
		return err
	}
	*t = make(QueueTable[V], len(plain))
	for key, value := range plain {
		var q MessageQueue
		if err := fastjson.Unmarshal([]byte(key), &q); err != nil {
			return fmt.Errorf("queue %q: %w", key, err)
		}
		(*t)[q] = value
	}
	return nil
}
