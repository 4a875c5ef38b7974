package stage

import (
	"context"
	"strconv"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/wire"
)

// BrokerName is the shard's name on every server of a stage.
const BrokerName = "broker-a"

// Client is one stock client as a scenario sees it. Its methods fail the scenario's test.
type Client struct {
	Kind   agent.Kind
	t      testing.TB
	stage  *Stage
	server server.Server
	agent  *agent.Agent
}

// Unique makes a name for a topic or group that is used nowhere else.
func (c *Client) Unique(suffix string) string { return c.stage.unique(c.t, suffix) }

// Topic creates a topic with the given number of queues and waits for its route.
func (c *Client) Topic(queues int) string {
	c.t.Helper()
	name := c.Unique("topic")
	CreateTopic(c.t, c.server, name, queues)
	return name
}

// GroupWithRetryTopic makes a name for a consumer group whose retry topic has a route before the first member starts, as
// that of a group which is in use. Else a client that refuses a message may not see it again before its next route poll.
func (c *Client) GroupWithRetryTopic() string {
	c.t.Helper()
	group := c.Unique("group")
	CreateTopic(c.t, c.server, "%RETRY%"+group, 1)
	return group
}

// CreateTopic creates a topic at the server's shard and waits for its route.
func CreateTopic(t testing.TB, s server.Server, name string, queues int) {
	t.Helper()
	const updateAndCreateTopic = 17
	fields := map[string]string{
		"topic": name, "defaultTopic": "TBW102", "topicFilterType": "SINGLE_TAG", "topicSysFlag": "0", "order": "false",
		"readQueueNums": strconv.Itoa(queues), "writeQueueNums": strconv.Itoa(queues), "perm": "6",
	}
	reply, err := wire.Ask(context.Background(), BrokerAddress(t, s), updateAndCreateTopic, fields, nil)
	if err != nil {
		t.Fatal(err)
	}
	if reply.Code != 0 {
		t.Fatalf("create topic %s: code %d %s", name, reply.Code, reply.Remark)
	}
	AwaitRoute(t, s, name)
}

// AwaitRoute waits until the name server has a route for a topic.
func AwaitRoute(t testing.TB, s server.Server, topic string) {
	t.Helper()
	Eventually(t, 20*time.Second, "a route for topic "+topic, func() bool {
		_, found, err := wire.AskRoute(context.Background(), s.Namesrv(), topic)
		return err == nil && found
	})
}

// AwaitCommitted waits until a group has committed so many messages of a topic, all its queues together. Members tell the
// server with their pulls or by their own clock, 10 s after their start and each 5 s from then on.
func AwaitCommitted(t testing.TB, s server.Server, group, topic string, queues, messages int) {
	t.Helper()
	Eventually(t, 30*time.Second, "the group's commits", func() bool { return Committed(t, s, group, topic, queues) == messages })
}

// Committed is how many messages of a topic a group has committed, all its queues together.
func Committed(t testing.TB, s server.Server, group, topic string, queues int) (messages int) {
	t.Helper()
	const queryConsumerOffset = 14
	broker := BrokerAddress(t, s)
	for id := range queues {
		reply, err := wire.Ask(context.Background(), broker, queryConsumerOffset, map[string]string{
			"consumerGroup": group, "topic": topic, "queueId": strconv.Itoa(id),
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if offset, err := strconv.Atoi(reply.ExtFields["offset"]); err == nil && reply.Code == 0 {
			messages += offset
		}
	}
	return messages
}

// BrokerAddress is where the route says the shard is served, or where tools reach it if all shards have one address.
func BrokerAddress(t testing.TB, s server.Server) string {
	t.Helper()
	if one, is := s.(interface{ Shard() string }); is && one.Shard() != "" {
		return one.Shard()
	}
	route, found, err := wire.AskRoute(context.Background(), s.Namesrv(), "TBW102")
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		t.Fatal("the name server has no route for TBW102")
	}
	return route.Master()
}

// Eventually polls until a condition holds.
func Eventually(t testing.TB, within time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("within %v there was not: %s", within, what)
		case <-tick.C:
		}
	}
}

// Queues are all queues of a topic of n queues.
func Queues(topic string, n int) []agent.Queue {
	var queues []agent.Queue
	for id := range n {
		queues = append(queues, agent.Queue{Topic: topic, Broker: BrokerName, ID: id})
	}
	return queues
}

// Messages are n messages of 100 bytes with different bodies.
func Messages(topic string, n int) []agent.Message {
	var messages []agent.Message
	for i := range n {
		messages = append(messages, agent.Message{Topic: topic, BodyBytes: 100, Seed: int32(i)})
	}
	return messages
}

func (c *Client) call(command string, arguments, result any) {
	c.t.Helper()
	if err := c.agent.Call(command, arguments, result); err != nil {
		c.t.Fatalf("%s: %v", c.Kind, err)
	}
}

// Server is what the client faces.
func (c *Client) Server() server.Server { return c.server }

// WriteQueues is the number of queues a topic's route offers to producers, 0 without a route.
func WriteQueues(t testing.TB, s server.Server, topic string) int {
	t.Helper()
	route, found, err := wire.AskRoute(context.Background(), s.Namesrv(), topic)
	if err != nil {
		t.Fatal(err)
	}
	if !found || len(route.Queues) == 0 {
		return 0
	}
	return route.Queues[0].WriteQueues
}

// Kill ends the client's process with SIGKILL; it must be the scenario's own.
func (c *Client) Kill() { c.agent.Kill() }
