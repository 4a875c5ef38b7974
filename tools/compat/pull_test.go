package compat

import (
	"testing"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

func TestAPullConsumerReadsFromWhereItSays(t *testing.T) {
	theatre.EachClient(t, pullFromAnOffset)
}

func pullFromAnOffset(t *testing.T, c *stage.Client) {
	topic := c.Topic(1)
	sent := stage.Messages(topic, 10)
	c.Producer().Send(agent.Sync, sent...)
	queue := stage.Queues(topic, 1)[0]
	consumer := c.Pull(topic, c.Unique("group"), "*")
	var first agent.PullResult
	stage.Eventually(t, deliveryTime, "all messages to pull", func() bool {
		first = consumer.Pull(queue, "*", 0, 4)
		return first.MaxOffset == int64(len(sent))
	})
	if first.Status != "FOUND" || first.NextOffset != 4 || first.MinOffset != 0 {
		t.Errorf("pull of 4 from 0: %s, next %d, min %d", first.Status, first.NextOffset, first.MinOffset)
	}
	checkBodies(t, sent[:4], first.Messages)
	checkBodies(t, sent[8:], consumer.Pull(queue, "*", 8, 4).Messages)
	if r := consumer.Pull(queue, "*", 1000, 4); r.Status != "OFFSET_ILLEGAL" || r.NextOffset != 10 {
		t.Errorf("pull from beyond the end: %s, next %d; want OFFSET_ILLEGAL, next 10", r.Status, r.NextOffset)
	}
	if c.Kind.IsJava() { // the Go client cannot pull without waiting at the server
		if r := consumer.Pull(queue, "*", 10, 4); r.Status != "NO_NEW_MSG" || r.NextOffset != 10 {
			t.Errorf("pull from the end: %s, next %d; want NO_NEW_MSG, next 10", r.Status, r.NextOffset)
		}
		if r := consumer.Pull(queue, "nosuchtag", 0, 4); r.Status != "NO_MATCHED_MSG" || r.NextOffset == 0 {
			t.Errorf("pull of a tag that nothing has: %s, next %d", r.Status, r.NextOffset)
		}
	}
}

func TestAPullConsumersPlaceIsKept(t *testing.T) {
	theatre.EachClient(t, keepPullPlace)
}

func keepPullPlace(t *testing.T, c *stage.Client) {
	topic, group := c.Topic(1), c.Unique("group")
	c.Producer().Send(agent.Sync, stage.Messages(topic, 10)...)
	queue := stage.Queues(topic, 1)[0]
	consumer := c.Pull(topic, group, "*")
	consumer.Pull(queue, "*", 0, 1)
	stage.Eventually(t, rebalanceTime, "the group's place", func() bool {
		consumer.Commit(queue, 7) // which the Go client forgets while the queue is not its own yet
		return stage.Committed(t, c.Server(), group, topic, 1) == 7
	})
	consumer.Shutdown()
	stage.AwaitCommitted(t, c.Server(), group, topic, 1, 7)
	if got := c.Pull(topic, group, "*").Committed(queue); got != 7 {
		t.Errorf("the place after a restart is %d, want 7", got)
	}
}

func TestALitePullConsumerPollsWhatItsGroupWasSent(t *testing.T) {
	theatre.ForClients(t, liteKinds(), pollSubscribed)
}

// liteKinds are the clients that the server lets poll: 5.3.2 does so with code 361, which the 4.9.7 broker does not know.
func liteKinds() []agent.Kind {
	if theatre.Target == server.Real {
		return []agent.Kind{agent.Java460, agent.Java498, agent.Go212}
	}
	return agent.Kinds()
}

func pollSubscribed(t *testing.T, c *stage.Client) {
	topic := c.Topic(2)
	sent := stage.Messages(topic, 20)
	c.Producer().Send(agent.Sync, sent...)
	consumer := c.Lite(topic, c.Unique("group"), "*")
	var seen []agent.Delivered
	stage.Eventually(t, rebalanceTime, "all messages polled", func() bool {
		seen = append(seen, consumer.Poll(500)...)
		return len(seen) >= len(sent)
	})
	checkBodies(t, sent, seen)
}
