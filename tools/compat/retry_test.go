package compat

import (
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
)

func TestADelayedMessageComesWhenItsLevelIsOver(t *testing.T) {
	theatre.EachClient(t, func(t *testing.T, c *stage.Client) {
		topic := c.Topic(1)
		producer, consumer := c.Producer(), c.Subscribe(topic, c.Unique("group"))
		producer.Send(agent.Sync, agent.Message{Topic: topic, Tag: "early", BodyBytes: 10})
		consumer.AwaitCount(deliveryTime, 1) // from here on nothing but the delay keeps a message
		// delayLevels: level 1 is one second, level 2 three.
		delays := map[string]time.Duration{"none": 0, "one": time.Second, "two": 3 * time.Second}
		producer.Send(agent.Sync,
			agent.Message{Topic: topic, Tag: "two", Keys: "k", DelayLevel: 2, BodyBytes: 10, Seed: 2},
			agent.Message{Topic: topic, Tag: "one", Keys: "k", DelayLevel: 1, BodyBytes: 10, Seed: 1},
			agent.Message{Topic: topic, Tag: "none", Keys: "k", BodyBytes: 10})
		for _, d := range consumer.AwaitCount(deliveryTime, 4)[1:] {
			const tooLate = 3 * time.Second
			after := time.Duration(d.ReceivedMillis-d.BornMillis) * time.Millisecond
			if want := delays[d.Tag]; after < want || after > want+tooLate {
				t.Errorf("the message with delay %q came after %v, want %v", d.Tag, after, want)
			}
			if d.Topic != topic || d.QueueID != 0 {
				t.Errorf("the message with delay %q came from queue %d of %s", d.Tag, d.QueueID, d.Topic)
			}
		}
	})
}

func TestARefusedMessageComesAgainUntilItIsAccepted(t *testing.T) {
	theatre.EachClient(t, retryUntilAccepted)
}

func retryUntilAccepted(t *testing.T, c *stage.Client) {
	topic, group := c.Topic(1), c.GroupWithRetryTopic()
	consumer := c.Push(agent.PushConsumer{
		Group: group, Topics: map[string]string{topic: "*"}, FromFirst: true, FailTimes: 2,
	})
	sent := c.Producer().Send(agent.Sync, agent.Message{Topic: topic, Tag: "t", Keys: "k", BodyBytes: 64, Seed: 5})
	seen := consumer.AwaitCount(deliveryTime, 3)
	checkRetries(t, sent[0], seen)
}

func TestAMessageRefusedTooOftenEndsInTheDeadLetterQueue(t *testing.T) {
	theatre.EachClient(t, endAsDeadLetter)
}

func endAsDeadLetter(t *testing.T, c *stage.Client) {
	topic, group := c.Topic(1), c.GroupWithRetryTopic()
	maxReconsumeTimes := 2
	consumer := c.Push(agent.PushConsumer{
		Group: group, Topics: map[string]string{topic: "*"}, FromFirst: true,
		FailTimes: -1, MaxReconsumeTimes: &maxReconsumeTimes,
	})
	message := agent.Message{Topic: topic, Tag: "t", Keys: "k", BodyBytes: 64, Seed: 5}
	sent := c.Producer().Send(agent.Sync, message)
	checkRetries(t, sent[0], consumer.AwaitCount(deliveryTime, 1+maxReconsumeTimes))

	deadLetters := "%DLQ%" + group
	stage.AwaitRoute(t, c.Server(), deadLetters)
	dead := c.Subscribe(deadLetters, c.Unique("undertaker")).AwaitCount(deliveryTime, 1)
	checkBodies(t, []agent.Message{message}, dead)
	if d := dead[0]; d.Topic != deadLetters || d.Properties["RETRY_TOPIC"] != topic || d.MsgID != sent[0].MsgID {
		t.Errorf("the dead letter is %s of topic %s from %s, want %s of %s from %s",
			d.MsgID, d.Topic, d.Properties["RETRY_TOPIC"], sent[0].MsgID, deadLetters, topic)
	}
	if n := len(consumer.Delivered()); n != 1+maxReconsumeTimes {
		t.Errorf("the message came %d times, want %d", n, 1+maxReconsumeTimes)
	}
}

// checkRetries says that one message came again and again, its reconsumeTimes counting up.
func checkRetries(t *testing.T, sent agent.SendResult, seen []agent.Delivered) {
	t.Helper()
	for i, d := range seen {
		if d.MsgID != sent.MsgID || d.ReconsumeTimes != i || d.Tag != "t" || d.Keys == "" {
			t.Errorf("delivery %d: %s with reconsumeTimes %d, tag %q, keys %q; want %s again",
				i, d.MsgID, d.ReconsumeTimes, d.Tag, d.Keys, sent.MsgID)
		}
		if i > 0 && d.Properties["ORIGIN_MESSAGE_ID"] != sent.OffsetMsgID {
			t.Errorf("delivery %d names %s as its origin, want %s", i, d.Properties["ORIGIN_MESSAGE_ID"], sent.OffsetMsgID)
		}
	}
}
