package compat

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
)

func consumeInOrder(t *testing.T, c *stage.Client) {
	const keys, rounds, holdMillis = 3, 5, 20
	one, several := c.Topic(1), c.Topic(4)
	consumer := c.Push(agent.PushConsumer{
		Group: c.Unique("group"), Topics: map[string]string{one: "*", several: "*"}, FromFirst: true, Orderly: true, HoldMillis: holdMillis,
	})
	producer := c.Producer()
	for round := range rounds {
		for key := range keys {
			for _, topic := range []string{one, several} {
				producer.SendByKey(fmt.Sprint("key", key), agent.Sync, agent.Message{
					Topic: topic, BodyBytes: 10, Properties: map[string]string{"key": strconv.Itoa(key), "round": strconv.Itoa(round)},
				})
			}
		}
	}
	seen := consumer.AwaitCount(rebalanceTime, 2*keys*rounds)
	for _, topic := range []string{one, several} {
		checkOrder(t, slices.DeleteFunc(slices.Clone(seen), func(d agent.Delivered) bool { return d.Topic != topic }), holdMillis)
	}
}

func chooseByTags(t *testing.T, c *stage.Client) {
	topic := c.Topic(1)
	var sent []agent.Message
	for i, tag := range []string{"a", "c", "b", "", "A"} {
		sent = append(sent, agent.Message{Topic: topic, Tag: tag, BodyBytes: 50, Seed: int32(i)})
	}
	c.Producer().Send(agent.Sync, sent...)
	consumer := c.Push(agent.PushConsumer{Group: c.Unique("group"), Topics: map[string]string{topic: "a || b"}, FromFirst: true})
	checkBodies(t, []agent.Message{sent[0], sent[2]}, consumer.AwaitCount(deliveryTime, 2))
}

// pullWaiting pulls from the end of a queue, to which a message comes a second later.
func pullWaiting(t *testing.T, c *stage.Client) {
	topic := c.Topic(1)
	queue, producer := stage.Queues(topic, 1)[0], c.Producer()
	messages := stage.Messages(topic, 2)
	producer.Send(agent.Sync, messages[0])
	consumer := c.Pull(topic, c.Unique("group"), "*")
	sent := make(chan error, 1)
	time.AfterFunc(time.Second, func() {
		_, err := producer.Try(messages[1])
		sent <- err
	})
	pulled := consumer.PullBlocking(queue, "*", 1, 4)
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if pulled.Status != "FOUND" || pulled.NextOffset != 2 {
		t.Errorf("a pull that waited found %s, next %d", pulled.Status, pulled.NextOffset)
	}
	checkBodies(t, messages[1:], pulled.Messages)
}

// pollAssigned reads two queues, and then again from offset 4 on. To seek before all is read is a race within the client.
func pollAssigned(t *testing.T, c *stage.Client) {
	topic := c.Topic(2)
	producer, queues := c.Producer(), stage.Queues(topic, 2)
	messages := stage.Messages(topic, 20)
	producer.SendTo(queues[0], agent.Sync, messages[:10]...)
	producer.SendTo(queues[1], agent.Sync, messages[10:]...)
	consumer := c.UnsubscribedLite(c.Unique("group"))
	poll := func(wanted []agent.Message) {
		t.Helper()
		var seen []agent.Delivered
		stage.Eventually(t, rebalanceTime, "what was assigned", func() bool {
			seen = append(seen, consumer.Poll(500)...)
			return len(seen) >= len(wanted)
		})
		checkBodies(t, wanted, seen)
	}
	consumer.Assign(queues...)
	poll(messages)
	for _, q := range queues {
		consumer.Seek(q, 4)
	}
	poll(slices.Concat(messages[4:10], messages[14:]))
}
