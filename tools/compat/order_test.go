package compat

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
)

// lockTime is how long a queue may stay locked by a member that has given it up: the Go client never unlocks, so a lock ends
// after its 60 s, and is taken at the next rebalance, at most 20 s later.
const lockTime = 100 * time.Second

func TestOrderedConsumptionKeepsEachKeysOrderAndOneHolderAQueue(t *testing.T) {
	theatre.EachClient(t, func(t *testing.T, c *stage.Client) {
		const keys, rounds, holdMillis = 4, 8, 20
		topic, group := c.Topic(4), c.Unique("group")
		inOrder := agent.PushConsumer{
			Group: group, Topics: map[string]string{topic: "*"}, FromFirst: true, Orderly: true, HoldMillis: holdMillis,
		}
		one, two := c.Push(inOrder), c.Push(inOrder)
		stage.AwaitAll(t, rebalanceTime, "two locked queues at each member", func() bool {
			return len(one.Queues(topic)) == 2 && len(two.Queues(topic)) == 2
		}, one, two)
		producer := c.Producer()
		for round := range rounds {
			for key := range keys {
				producer.SendByKey(fmt.Sprint("key", key), agent.Sync, agent.Message{
					Topic: topic, BodyBytes: 10,
					Properties: map[string]string{"key": strconv.Itoa(key), "round": strconv.Itoa(round)},
				})
			}
		}
		stage.AwaitAll(t, lockTime, "all messages", func() bool {
			return len(one.Delivered())+len(two.Delivered()) >= keys*rounds
		}, one, two)
		checkOrder(t, slices.Concat(one.Delivered(), two.Delivered()), holdMillis)
	})
}

// checkOrder says that on every queue one message was taken after the other, in the order of offsets, the next not before the
// listener was done with the last (so no two members held the queue), and that every key's rounds came in order.
func checkOrder(t *testing.T, seen []agent.Delivered, holdMillis int64) {
	t.Helper()
	slices.SortStableFunc(seen, func(a, b agent.Delivered) int { return cmp.Compare(a.ReceivedMillis, b.ReceivedMillis) })
	last := map[int]agent.Delivered{}
	rounds := map[string]int{}
	for _, d := range seen {
		if before, any := last[d.QueueID]; any {
			if d.QueueOffset != before.QueueOffset+1 {
				t.Errorf("queue %d: offset %d after %d", d.QueueID, d.QueueOffset, before.QueueOffset)
			}
			// The clock counts whole milliseconds.
			if gap := d.ReceivedMillis - before.ReceivedMillis; gap < holdMillis-1 {
				t.Errorf("queue %d: offset %d came %d ms after %d, whose listener takes %d ms",
					d.QueueID, d.QueueOffset, gap, before.QueueOffset, holdMillis)
			}
		}
		last[d.QueueID] = d
		if want := strconv.Itoa(rounds[d.Properties["key"]]); d.Properties["round"] != want {
			t.Errorf("key %s: round %s came, want %s", d.Properties["key"], d.Properties["round"], want)
		}
		rounds[d.Properties["key"]]++
	}
}
