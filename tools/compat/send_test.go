package compat

import (
	"hash/crc32"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
)

// deliveryTime is how long a started consumer may take for messages that are there.
const deliveryTime = 20 * time.Second

func TestSyncSendsAreAcknowledgedWithQueueAndOffsetAndArriveEqual(t *testing.T) {
	theatre.EachClient(t, func(t *testing.T, c *stage.Client) {
		topic := c.Topic(1)
		sent := stage.Messages(topic, 10)
		results := c.Producer().Send(agent.Sync, sent...)
		for i, r := range results {
			if want := stage.Queues(topic, 1)[0]; r.Queue != want || r.QueueOffset != int64(i) {
				t.Errorf("send %d was put at %v offset %d, want %v offset %d", i, r.Queue, r.QueueOffset, want, i)
			}
		}
		seen := c.Subscribe(topic, c.Unique("group")).AwaitCount(deliveryTime, len(sent))
		checkArrived(t, sent, results, seen)
	})
}

func TestAsyncSendsAreAllCalledBackAndArrive(t *testing.T) {
	theatre.EachClient(t, func(t *testing.T, c *stage.Client) {
		topic := c.Topic(4)
		sent := stage.Messages(topic, 40)
		results := c.Producer().Send(agent.Async, sent...)
		seen := c.Subscribe(topic, c.Unique("group")).AwaitCount(deliveryTime, len(sent))
		checkArrived(t, sent, results, seen)
	})
}

func TestOnewaySendsArrive(t *testing.T) {
	theatre.EachClient(t, func(t *testing.T, c *stage.Client) {
		topic := c.Topic(4)
		sent := stage.Messages(topic, 20)
		c.Producer().Send(agent.Oneway, sent...)
		seen := c.Subscribe(topic, c.Unique("group")).AwaitCount(deliveryTime, len(sent))
		checkBodies(t, sent, seen)
	})
}

// checkArrived says that what was seen is exactly what was acknowledged, each message once, under its id and place.
func checkArrived(t *testing.T, sent []agent.Message, acknowledged []agent.SendResult, seen []agent.Delivered) {
	t.Helper()
	checkBodies(t, sent, seen)
	byID := map[string]agent.Delivered{}
	for _, d := range seen {
		byID[d.MsgID] = d
	}
	for i, r := range acknowledged {
		d, found := byID[r.MsgID]
		if !found {
			t.Errorf("message %d with id %s was acknowledged but not delivered", i, r.MsgID)
			continue
		}
		if d.QueueID != r.Queue.ID || d.QueueOffset != r.QueueOffset || d.OffsetMsgID != r.OffsetMsgID {
			t.Errorf("message %d came from queue %d offset %d id %s, was acknowledged at queue %d offset %d id %s", i,
				d.QueueID, d.QueueOffset, d.OffsetMsgID, r.Queue.ID, r.QueueOffset, r.OffsetMsgID)
		}
	}
}

// checkBodies says that what was seen has the bodies of what was sent, each once.
func checkBodies(t *testing.T, sent []agent.Message, seen []agent.Delivered) {
	t.Helper()
	want := map[uint32]int{}
	for _, m := range sent {
		want[crc32.ChecksumIEEE(agent.Body(m.BodyBytes, m.Seed))]++
	}
	for _, d := range seen {
		want[d.BodyCRC]--
	}
	for crc, n := range want {
		if n != 0 {
			t.Errorf("bodies with CRC %08x: %d more sent than delivered", crc, n)
		}
	}
}
