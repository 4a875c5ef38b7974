package compat

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
	"gantry/tools/compat/wire"
)

// rebalanceTime is how long members of a group may take to share queues: twice the clients' own clock of 20 s.
const rebalanceTime = 45 * time.Second

func TestTwoMembersShareTheQueuesOfAGroup(t *testing.T) {
	theatre.EachClient(t, twoShareQueues)
}

func twoShareQueues(t *testing.T, c *stage.Client) {
	topic, group := c.Topic(4), c.Unique("group")
	one, two := shareQueues(t, c, c, topic, group)
	sent := stage.Messages(topic, 40)
	c.Producer().Send(agent.Sync, sent...)
	stage.AwaitAll(t, deliveryTime, "all messages at either member", func() bool {
		return len(one.Delivered())+len(two.Delivered()) >= len(sent)
	}, one, two)
	checkBodies(t, sent, append(one.Delivered(), two.Delivered()...))
	for _, member := range []*stage.Push{one, two} {
		for _, d := range member.Delivered() {
			if !slices.Contains(member.Queues(topic), d.QueueID) {
				t.Errorf("a message of queue %d came to a member that holds %v", d.QueueID, member.Queues(topic))
			}
		}
	}
	two.Shutdown()
	stage.AwaitAll(t, rebalanceTime, "all queues at the member that stayed", func() bool {
		return len(one.Queues(topic)) == 4
	}, one)
}

// shareQueues starts a member in each client and waits until each holds two of the topic's four queues.
func shareQueues(t *testing.T, first, second *stage.Client, topic, group string) (one, two *stage.Push) {
	t.Helper()
	one, two = first.Subscribe(topic, group), second.Subscribe(topic, group)
	stage.AwaitAll(t, rebalanceTime, "two queues at each member", func() bool {
		a, b := one.Queues(topic), two.Queues(topic)
		all := slices.Concat(a, b)
		slices.Sort(all)
		return len(a) == 2 && len(b) == 2 && slices.Equal(all, []int{0, 1, 2, 3})
	}, one, two)
	return one, two
}

func TestAKilledMembersQueuesAreTakenOverWithinASecond(t *testing.T) {
	theatre.EachClientAlone(t, func(t *testing.T, c *stage.Client) {
		topic := c.Topic(4)
		victim := theatre.OwnClient(t, c.Kind, c.Server())
		survivor, _ := shareQueues(t, c, victim, topic, c.Unique("group"))
		producer := c.Producer()
		victim.Kill()
		killed := time.Now()
		for _, queue := range stage.Queues(topic, 4) {
			producer.SendTo(queue, agent.Sync, stage.Messages(topic, 1)...)
		}
		stage.AwaitAll(t, time.Second, "all queues at the survivor", func() bool {
			return len(survivor.Queues(topic)) == 4
		}, survivor)
		survivor.Await(3*time.Second-time.Since(killed), "a message from every queue", func(seen []agent.Delivered) bool {
			from := map[int]bool{}
			for _, d := range seen {
				from[d.QueueID] = true
			}
			return len(from) == 4
		})
	})
}

func TestABroadcastReachesEveryMember(t *testing.T) {
	theatre.EachClient(t, broadcastReachesAll)
}

func broadcastReachesAll(t *testing.T, c *stage.Client) {
	topic, group := c.Topic(4), c.Unique("group")
	listen := agent.PushConsumer{
		Group: group, Topics: map[string]string{topic: "*"}, Broadcasting: true, FromFirst: true,
	}
	one, two := c.Push(listen), c.Push(listen)
	sent := stage.Messages(topic, 20)
	c.Producer().Send(agent.Sync, sent...)
	checkBodies(t, sent, one.AwaitCount(deliveryTime, len(sent)))
	checkBodies(t, sent, two.AwaitCount(deliveryTime, len(sent)))
}

func TestTheServerSendsOnlyTheTagsAskedFor(t *testing.T) {
	theatre.EachClient(t, func(t *testing.T, c *stage.Client) {
		topic := c.Topic(1)
		var sent, wanted []agent.Message
		for i, tag := range []string{"a", "b", "c", "", "a", "c", "b", "A", "b"} {
			m := agent.Message{Topic: topic, Tag: tag, BodyBytes: 50, Seed: int32(i)}
			sent = append(sent, m)
			if tag == "a" || tag == "b" {
				wanted = append(wanted, m)
			}
		}
		c.Producer().Send(agent.Sync, sent...)
		consumer := c.Push(agent.PushConsumer{
			Group: c.Unique("group"), Topics: map[string]string{topic: "a || b"}, FromFirst: true,
		})
		checkBodies(t, wanted, consumer.AwaitCount(deliveryTime, len(wanted)))

		answer := pullByHand(t, stage.BrokerAddress(t, c.Server()), topic, "a || b")
		for _, m := range sent {
			inAnswer := bytes.Contains(answer, agent.Body(m.BodyBytes, m.Seed))
			if isWanted := m.Tag == "a" || m.Tag == "b"; inAnswer != isWanted {
				t.Errorf("a message with tag %q is in the server's reply: %v, want %v", m.Tag, inAnswer, isWanted)
			}
		}
	})
}

// pullByHand is what the server itself sends for a filter; the clients would filter once more.
func pullByHand(t *testing.T, broker, topic, expression string) []byte {
	t.Helper()
	const pullMessage, subscriptionInHeader = 11, "4"
	reply, err := wire.Ask(context.Background(), broker, pullMessage, map[string]string{
		"consumerGroup": topic + "_by_hand", "topic": topic, "queueId": "0", "queueOffset": "0", "maxMsgNums": "32",
		"sysFlag": subscriptionInHeader, "commitOffset": "0", "suspendTimeoutMillis": "0",
		"subscription": expression, "subVersion": "0", "expressionType": "TAG",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if reply.Code != 0 {
		t.Fatalf("pull: code %d %s", reply.Code, reply.Remark)
	}
	return reply.Body
}

func TestAWaitingConsumerHasANewMessageWithinASecond(t *testing.T) {
	theatre.EachClientAlone(t, func(t *testing.T, c *stage.Client) {
		topic := c.Topic(1)
		producer := c.Producer()
		consumer := c.Subscribe(topic, c.Unique("group"))
		producer.Send(agent.Sync, stage.Messages(topic, 1)...)
		consumer.AwaitCount(deliveryTime, 1) // from here on it waits at the server
		for n := 2; n <= 6; n++ {
			producer.Send(agent.Sync, stage.Messages(topic, 1)...)
			consumer.AwaitCount(time.Second, n)
		}
	})
}
