package protocol

import "fmt"

// MessageQueue names one queue of one shard.
type MessageQueue struct {
	BrokerName string `json:"brokerName"`
	QueueID    int32  `json:"queueId"`
	Topic      string `json:"topic"`
}

// String is topic@brokerName:queueId, for logs.
func (q MessageQueue) String() string {
	return fmt.Sprintf("%s@%s:%d", q.Topic, q.BrokerName, q.QueueID)
}
