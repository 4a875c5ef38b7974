package compat

import (
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
)

// deliveryTime is how long a started consumer may take for messages that are there. Clients repair a lost start, such as a
// heartbeat that was skipped because another was under way, by their own clock of 20 to 30 s.
const deliveryTime = 45 * time.Second

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

func TestABatchIsStoredAsSingleMessagesInARow(t *testing.T) {
	theatre.EachClient(t, func(t *testing.T, c *stage.Client) {
		topic := c.Topic(1)
		sent := stage.Messages(topic, 10)
		c.Producer().Send(agent.Batch, sent...)
		seen := c.Subscribe(topic, c.Unique("group")).AwaitCount(deliveryTime, len(sent))
		checkBodies(t, sent, seen)
		for _, d := range seen {
			if want := crc32.ChecksumIEEE(agent.Body(100, int32(d.QueueOffset))); d.BodyCRC != want {
				t.Errorf("offset %d holds another message of the batch", d.QueueOffset)
			}
		}
	})
}

func TestABodyOfThreeMegabytesIsCompressedByTheClientAndArrivesEqual(t *testing.T) {
	theatre.EachClient(t, func(t *testing.T, c *stage.Client) {
		topic := c.Topic(1)
		sent := []agent.Message{{Topic: topic, BodyBytes: 3 << 20, Seed: 77}}
		c.Producer().Send(agent.Sync, sent...)
		seen := c.Subscribe(topic, c.Unique("group")).AwaitCount(deliveryTime, 1)
		checkBodies(t, sent, seen)
		checkCompressed(t, seen[0])
	})
}

func checkCompressed(t *testing.T, d agent.Delivered) {
	t.Helper()
	const compressionFlags = 0x701 // the bit, which 5.x clears when it reads, and the kind, which 4.x does not know
	if d.SysFlag&compressionFlags == 0 || d.StoreBytes >= d.BodyBytes {
		t.Errorf("%d bytes were stored for a body of %d, sysFlag %#x: not compressed", d.StoreBytes, d.BodyBytes, d.SysFlag)
	}
}

func TestUnicodePropertiesAndKeysArriveUnchanged(t *testing.T) {
	theatre.EachClient(t, func(t *testing.T, c *stage.Client) {
		topic := c.Topic(1)
		properties := map[string]string{"größe": "sehr groß", "数": "四十二 🜁", "empty_after_trim": " x "}
		message := agent.Message{Topic: topic, Tag: "étiquette", Keys: "ключ1 鍵2", Properties: properties, BodyBytes: 10}
		c.Producer().Send(agent.Sync, message)
		d := c.Subscribe(topic, c.Unique("group")).AwaitCount(deliveryTime, 1)[0]
		if d.Tag != message.Tag || strings.TrimSpace(d.Keys) != message.Keys { // Go puts a space after the last key
			t.Errorf("tag %q keys %q arrived, want %q and %q", d.Tag, d.Keys, message.Tag, message.Keys)
		}
		for key, want := range properties {
			if got := d.Properties[key]; got != want {
				t.Errorf("property %s arrived as %q, want %q", key, got, want)
			}
		}
	})
}

func TestSendingToANewTopicCreatesItWithFourQueues(t *testing.T) {
	theatre.EachClient(t, createTopicBySending)
}

func createTopicBySending(t *testing.T, c *stage.Client) {
	topic := c.Unique("topic")
	sent := stage.Messages(topic, 8)
	c.Producer().Send(agent.Sync, sent...)
	stage.AwaitRoute(t, c.Server(), topic)
	seen := c.Subscribe(topic, c.Unique("group")).AwaitCount(deliveryTime, len(sent))
	checkBodies(t, sent, seen)
	used := map[int]bool{}
	for _, d := range seen {
		used[d.QueueID] = true
	}
	if len(used) != 4 {
		t.Errorf("the messages came from %d queues, want 4", len(used))
	}
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
