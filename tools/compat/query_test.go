package compat

import (
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
)

// javaKinds are the clients that can ask for single messages and offsets, and that check their filter at the server.
func javaKinds() []agent.Kind { return []agent.Kind{agent.Java460, agent.Java498, agent.Java532} }

func TestAMessageIsFoundByItsIdsAndKeys(t *testing.T) {
	theatre.ForClients(t, javaKinds(), findByIDsAndKeys)
}

func findByIDsAndKeys(t *testing.T, c *stage.Client) {
	topic, begin := c.Topic(1), time.Now().Add(-time.Minute).UnixMilli()
	producer := c.Producer()
	message := agent.Message{Topic: topic, Keys: "first second", BodyBytes: 40, Seed: 9}
	sent := producer.Send(agent.Sync, message)[0]
	var byKey []agent.Delivered
	stage.Eventually(t, deliveryTime, "the message under its second key", func() bool {
		found, err := producer.Query(topic, "second", begin, time.Now().Add(time.Minute).UnixMilli())
		byKey = found
		return err == nil && len(found) == 1
	})
	checkBodies(t, []agent.Message{message}, byKey)
	checkBodies(t, []agent.Message{message}, []agent.Delivered{producer.View(topic, sent.OffsetMsgID)})
	checkBodies(t, []agent.Message{message}, []agent.Delivered{producer.View(topic, sent.MsgID)})
}

func TestAQueueTellsItsOffsetsAndTimes(t *testing.T) {
	theatre.ForClients(t, javaKinds(), tellOffsetsAndTimes)
}

func tellOffsetsAndTimes(t *testing.T, c *stage.Client) {
	topic := c.Topic(1)
	queue, producer := stage.Queues(topic, 1)[0], c.Producer()
	begin := time.Now()
	producer.Send(agent.Sync, stage.Messages(topic, 5)...)
	stage.Eventually(t, deliveryTime, "a maximum offset of 5", func() bool { return producer.Offset(queue, "max", 0) == 5 })
	if got := producer.Offset(queue, "min", 0); got != 0 {
		t.Errorf("minimum offset %d, want 0", got)
	}
	if got := producer.Offset(queue, "search", begin.Add(-time.Hour).UnixMilli()); got != 0 {
		t.Errorf("offset at a time before the first message: %d, want 0", got)
	}
	earliest := time.UnixMilli(producer.Offset(queue, "earliest", 0))
	if earliest.Before(begin.Add(-time.Second)) || earliest.After(time.Now().Add(time.Second)) {
		t.Errorf("the earliest message is said to be of %v, was sent after %v", earliest, begin)
	}
}

func TestATopicCreatedByAClientHasTheQueuesItAskedFor(t *testing.T) {
	theatre.EachClient(t, createTopic)
}

func createTopic(t *testing.T, c *stage.Client) {
	topic := c.Unique("topic")
	producer := c.Producer()
	producer.CreateTopic(topic, 3)
	var queues int
	stage.Eventually(t, deliveryTime, "a route for the new topic", func() bool {
		queues = stage.WriteQueues(t, c.Server(), topic)
		return queues > 0
	})
	if queues != 3 {
		t.Errorf("the topic has %d queues, want 3", queues)
	}
}

func TestAnSQLFilterIsRefusedAtTheStartOfAConsumer(t *testing.T) {
	theatre.ForClients(t, javaKinds(), func(t *testing.T, c *stage.Client) {
		err := c.TryPush(agent.PushConsumer{
			Group: c.Unique("group"), Topics: map[string]string{c.Topic(1): "a > 1"}, SQL: true, FromFirst: true,
		})
		if err == nil {
			t.Error("the consumer started although the server was not told to filter by SQL")
		}
	})
}
