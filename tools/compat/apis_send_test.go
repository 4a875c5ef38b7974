package compat

import (
	"slices"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
)

func sendInEveryWay(t *testing.T, c *stage.Client) {
	topic := c.Topic(4)
	all := append(stage.Messages(topic, 20), agent.Message{Topic: topic, BodyBytes: 16 << 10, Seed: 77})
	producer, last := c.Producer(), stage.Queues(topic, 4)[3]
	sent := producer.Send(agent.Sync, all[:4]...)
	sent = append(sent, producer.Send(agent.Async, all[4:8]...)...)
	toLast := producer.SendTo(last, agent.Sync, all[8:10]...)
	byKey := producer.SendByKey("key", agent.Sync, all[10:12]...)
	producer.Send(agent.Oneway, all[12:16]...)
	producer.Send(agent.Batch, all[16:20]...)
	producer.Send(agent.Sync, all[20])
	seen := c.Subscribe(topic, c.Unique("group")).AwaitCount(deliveryTime, len(all))
	checkArrived(t, all, slices.Concat(sent, toLast, byKey), seen)
	for _, r := range toLast {
		if r.Queue != last {
			t.Errorf("a message to %v was put into %v", last, r.Queue)
		}
	}
	if byKey[0].Queue != byKey[1].Queue {
		t.Errorf("messages of one key were put into %v and %v", byKey[0].Queue, byKey[1].Queue)
	}
	checkCompressed(t, seen[slices.IndexFunc(seen, func(d agent.Delivered) bool { return d.BodyBytes == all[20].BodyBytes })])
}

func useVIP(t *testing.T, c *stage.Client) {
	topic := c.Topic(1)
	sent := stage.Messages(topic, 4)
	c.VIPProducer().Send(agent.Sync, sent...)
	consumer := c.Push(agent.PushConsumer{Group: c.Unique("group"), Topics: map[string]string{topic: "*"}, FromFirst: true, VIP: true})
	checkBodies(t, sent, consumer.AwaitCount(deliveryTime, len(sent)))
}

func delayByLevel(t *testing.T, c *stage.Client) {
	topic := c.Topic(1)
	consumer := c.Subscribe(topic, c.Unique("group"))
	c.Producer().Send(agent.Sync, agent.Message{Topic: topic, DelayLevel: 2, BodyBytes: 10}) // 3 s
	d := consumer.AwaitCount(deliveryTime, 1)[0]
	if waited := time.Duration(d.ReceivedMillis-d.BornMillis) * time.Millisecond; waited < 3*time.Second || d.Topic != topic {
		t.Errorf("a message of level 2 came after %v, from topic %s", waited, d.Topic)
	}
}

func comeAtTime(t *testing.T, c *stage.Client) {
	topic := c.Topic(1)
	consumer := c.Subscribe(topic, c.Unique("group"))
	at := time.Now().Add(4 * time.Second).UnixMilli()
	c.Producer().Send(agent.Sync, agent.Message{Topic: topic, DeliverMillis: at, BodyBytes: 10})
	d := consumer.AwaitCount(deliveryTime, 1)[0]
	if d.StoredMillis < at || d.ReceivedMillis < at || d.Topic != topic {
		t.Errorf("a message of %d was stored at %d and came at %d, from topic %s", at, d.StoredMillis, d.ReceivedMillis, d.Topic)
	}
}

func stayInNamespace(t *testing.T, c *stage.Client) {
	topic, group := c.Unique("topic"), c.Unique("group")
	for _, full := range []string{topic, "space%" + topic} {
		stage.CreateTopic(t, c.Server(), full, 2)
	}
	listen := agent.PushConsumer{Group: group, Topics: map[string]string{topic: "*"}, FromFirst: true}
	outside := c.Push(listen)
	listen.Namespace = "space"
	inside := c.Push(listen)
	sent := stage.Messages(topic, 4)
	c.ProducerOf("space", false).Send(agent.Sync, sent...)
	checkBodies(t, sent, inside.AwaitCount(rebalanceTime, len(sent)))
	if n := len(outside.Delivered()); n > 0 {
		t.Errorf("%d messages came out of their namespace", n)
	}
}

func endTransactions(t *testing.T, c *stage.Client) {
	if !c.Kind.IsJava() { // which answers checks for the first group of its process only
		c = theatre.OwnClient(t, c.Kind, c.Server())
	}
	topic := c.Topic(1)
	producer, consumer := c.TransactionProducer(c.Unique("group")), c.Subscribe(topic, c.Unique("readers"))
	for keys, ends := range map[string]struct{ local, check string }{
		"committed": {agent.Commits, agent.Unknown}, "back": {agent.RollsBack, agent.Unknown},
		"asked": {agent.Unknown, agent.Commits}, "askedBack": {agent.Unknown, agent.RollsBack},
	} {
		producer.Send(agent.Message{Topic: topic, Keys: keys, BodyBytes: 10}, ends.local, ends.check)
	}
	producer.AwaitChecks(checkTime, "asked", 1)
	producer.AwaitChecks(checkTime, "askedBack", 1)
	var seen []string
	for _, d := range consumer.AwaitCount(deliveryTime, 2) {
		seen = append(seen, d.Keys)
	}
	if slices.Sort(seen); !slices.Equal(seen, []string{"asked", "committed"}) {
		t.Errorf("seen are %q", seen)
	}
}
