package storenode

import (
	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/group"
)

// Queue locks of ordered consumption: codes 41 and 42 (RebalanceLockManager).
type lockRequests struct{ locks *group.Locks }

func (l lockRequests) lock(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var body protocol.LockBatchRequestBody
	if err := body.Decode(c.Body); err != nil {
		return nil, err
	}
	held := l.locks.Lock(body.ConsumerGroup, body.ClientID, queuesOf(body.MQSet))
	var reply protocol.LockBatchResponseBody
	for _, q := range held {
		reply.LockOKMQSet = append(reply.LockOKMQSet, protocol.MessageQueue{Topic: q.Topic, BrokerName: q.BrokerName, QueueID: q.QueueID})
	}
	return &remoting.Response{Body: reply.Encode()}, nil
}

func (l lockRequests) unlock(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var body protocol.LockBatchRequestBody
	if err := body.Decode(c.Body); err != nil {
		return nil, err
	}
	l.locks.Unlock(body.ConsumerGroup, body.ClientID, queuesOf(body.MQSet))
	return ok, nil
}

func queuesOf(set []protocol.MessageQueue) []group.Queue {
	all := make([]group.Queue, 0, len(set))
	for _, q := range set {
		all = append(all, group.Queue{Topic: q.Topic, BrokerName: q.BrokerName, QueueID: q.QueueID})
	}
	return all
}
