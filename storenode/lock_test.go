package storenode

import (
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/group"
)

func lockBody(client string, queues ...int32) []byte {
	body := protocol.LockBatchRequestBody{ClientID: client, ConsumerGroup: "g"}
	for _, q := range queues {
		body.MQSet = append(body.MQSet, protocol.MessageQueue{Topic: "T", BrokerName: "shard", QueueID: q})
	}
	return body.Encode()
}

// locked is how many of the queues the client has then.
func (p *peer) locked(client string, queues ...int32) int {
	p.s.t.Helper()
	var got protocol.LockBatchResponseBody
	if err := got.Decode(p.want(protocol.LockBatchMQ, nil, lockBody(client, queues...), protocol.Success, "").Body); err != nil {
		p.s.t.Fatal(err)
	}
	return len(got.LockOKMQSet)
}

func TestALockIsItsOwnersUntilItIsGivenBackOrExpires(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		equal(t, "a takes two", p.locked("a", 0, 1), 2)
		equal(t, "b gets the third only", p.locked("b", 0, 1, 2), 1)
		p.client.Oneway(&remoting.Request{Code: protocol.UnlockBatchMQ, Body: lockBody("b", 0)})
		synctest.Wait()
		equal(t, "b cannot free a's", p.locked("b", 0), 0)
		p.want(protocol.UnlockBatchMQ, nil, lockBody("a", 0), protocol.Success, "")
		equal(t, "b gets what a gave back", p.locked("b", 0, 1), 1)
		time.Sleep(group.LockLife + time.Second)
		equal(t, "and the rest after a's time", p.locked("b", 0, 1, 2), 3)
		p.want(protocol.LockBatchMQ, nil, []byte("{"), protocol.SystemError, "")
		p.want(protocol.UnlockBatchMQ, nil, []byte("{"), protocol.SystemError, "")
	})
}
