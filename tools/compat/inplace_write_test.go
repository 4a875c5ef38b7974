package compat

import (
	"fmt"
	"strconv"
	"time"

	"gantry/remoting/message"
	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
	"gantry/tools/compat/wire"
)

// write fills the store: everything that add does, a message refused into the dead-letter queue by its consumer, and transactions.
func (m *move) write() {
	m.Helper()
	java := theatre.Client(m.T, agent.Java498, m.real)
	for topic, queues := range map[*string]int{&m.topic: topicQueues, &m.one: 1, &m.sizes: 2, &m.late: 1, &m.hosts: 1} {
		*topic = java.Topic(queues)
	}
	m.many = java.Unique("many")
	stage.CreateTopic(m.T, m.real, m.many, 1)
	m.group, m.refusing = java.GroupWithRetryTopic(), java.GroupWithRetryTopic()
	producer := java.Producer()
	m.sendAllKinds(producer)
	m.transactions()
	m.consume(java, ofAllKinds, 0)
	producer.Send(agent.Sync, stage.Messages(m.topic, 2)...) // stay unconsumed
	m.refuse(java, producer)
	m.leaveHalves()
	m.sendBack()
	producer.Shutdown()
}

// refuse has a consumer refuse a message, and that of the committed transaction, into the dead-letter queue.
func (m *move) refuse(c *stage.Client, producer *stage.Producer) {
	m.Helper()
	atMost := 1
	refuser := c.Push(agent.PushConsumer{
		Group: m.refusing, Topics: map[string]string{m.one: "*"}, FromFirst: true, FailTimes: -1, MaxReconsumeTimes: &atMost,
	})
	producer.Send(agent.Sync, agent.Message{Topic: m.one, Tag: "bad", Keys: "refused", BodyBytes: 50})
	refuser.AwaitCount(deliveryTime, 2*2)
	m.awaitEnd("%DLQ%"+m.refusing, 2)
	refuser.Shutdown()
}

// add sends more of every kind at a server that has taken the store over, and lets the group go on where it was: the two messages
// that it had left and the one that comes again, then the new ones; and the delayed message that was pending comes.
func (m *move) add(srv server.Server, kind agent.Kind) {
	m.Helper()
	c := theatre.Client(m.T, kind, srv)
	stage.AwaitRoute(m.T, srv, m.topic)
	producer := c.Producer()
	left, again := m.backlog()
	if left < 2+1 {
		m.Errorf("the group has %d messages to come, want the two it had left and the one that failed", left)
	}
	tagged := c.Push(agent.PushConsumer{Group: c.Unique("tagged"), Topics: map[string]string{m.sizes: "red"}, FromFirst: true})
	m.sendAllKinds(producer)
	m.consume(c, left+ofAllKinds, again)
	producer.Send(agent.Sync, stage.Messages(m.topic, 2)...)
	sent := producer.Send(agent.Sync, agent.Message{Topic: m.one, Keys: "new", BodyBytes: 30, Seed: 7})[0]
	m.sendBack()
	checkBodies(m.T, m.red(), tagged.AwaitCount(deliveryTime, len(m.red())))
	tagged.Shutdown()
	late := c.Subscribe(m.late, c.Unique("late")).AwaitCount(deliveryTime, m.lates)
	checkBodies(m.T, []agent.Message{{BodyBytes: 20}}, late[:1])
	for _, id := range []string{sent.OffsetMsgID, late[0].OffsetMsgID} {
		producer.View(m.topic, id) // fails the test where there is none
	}
	producer.Shutdown()
}

// bodySizes are those of the messages with keys and tags.
func bodySizes() []int { return []int{1, 90, 4096, 70_000, 4 << 20} }

const (
	topicQueues = 3 // of m.topic
	ofAllKinds  = 6 // messages that sendAllKinds sends there
)

// sendAllKinds sends messages of every kind, to m.topic and, by size, number, tag, key and host, to others.
func (m *move) sendAllKinds(producer *stage.Producer) {
	m.Helper()
	for i, size := range bodySizes() {
		producer.Send(agent.Sync, agent.Message{Topic: m.sizes, Tag: "red", Keys: "size k" + strconv.Itoa(i), BodyBytes: size, Seed: int32(i)})
	}
	producer.Send(agent.Sync, agent.Message{Topic: m.sizes, Tag: "green", BodyBytes: 10, Seed: 50})
	for range 4 { // Java 5 gives a batch one key, and 32 messages of a unique key are found
		producer.SendTo(stage.Queues(m.many, 1)[0], agent.Batch, stage.Messages(m.many, 30)...)
	}
	producer.SendTo(stage.Queues(m.topic, 1)[0], agent.Batch, stage.Messages(m.topic, 3)...)
	producer.Send(agent.Sync,
		agent.Message{Topic: m.topic, Tag: "blue", Keys: "plain", BodyBytes: 10, Properties: map[string]string{"a": "b c"}},
		agent.Message{Topic: m.topic, Keys: "delayed", DelayLevel: 1, BodyBytes: 10, Seed: 1},
		agent.Message{Topic: m.topic, Keys: "delayed", DelayLevel: 3, BodyBytes: 10, Seed: 2})
	m.sendFromAllHosts()
	m.rounds++
}

// red is what was sent with that tag so far.
func (m *move) red() (sent []agent.Message) {
	for range m.rounds {
		for i, size := range bodySizes() {
			sent = append(sent, agent.Message{BodyBytes: size, Seed: int32(i)})
		}
	}
	return sent
}

func (m *move) id() string {
	m.ids++
	return fmt.Sprintf("7F000001000018B4AAC2%012d", m.ids)
}

func (m *move) stored(reply *wire.Frame) *wire.Frame {
	m.Helper()
	if reply.Code != 0 {
		m.Fatalf("send by hand: code %d %s", reply.Code, reply.Remark)
	}
	return reply
}

// consume lets m.group consume up to now all messages of m.topic, so many of them again after a failure.
func (m *move) consume(c *stage.Client, count, again int) {
	m.Helper()
	consumer := c.Subscribe(m.topic, m.group)
	seen := consumer.Await(deliveryTime, "enough deliveries", func(seen []agent.Delivered) bool {
		return len(seen) >= count && reconsumed(seen) >= again
	})
	if m.delivered == once && (len(seen) != count || reconsumed(seen) != again) {
		m.Errorf("the group saw %d messages, want %d with %d of them again: %v", len(seen), count, again, seen)
	}
	consumer.Shutdown()
}

func reconsumed(seen []agent.Delivered) (n int) {
	for _, d := range seen {
		n += d.ReconsumeTimes
	}
	return n
}

// backlog is how many messages m.group has not committed, those of its failures included, and how many these are. What a consumer
// saw last before its shutdown is among them where it had not come to commit it.
func (m *move) backlog() (all, failed int) {
	m.Helper()
	failed = m.uncommitted("%RETRY%"+m.group, 1)
	return m.uncommitted(m.topic, topicQueues) + failed, failed
}

func (m *move) uncommitted(topic string, queues int) (n int) {
	m.Helper()
	for id := range queues {
		fields := queue{topic, id}.fields()
		fields["consumerGroup"] = m.group
		n += int(offsetOf(m.T, m.broker, getMaxOffset, fields) - offsetOf(m.T, m.broker, queryConsumerOffset, fields))
	}
	return n
}

// sendBack has a message of m.topic fail in m.group, once to come again and once to be a dead letter; both wait at the server.
func (m *move) sendBack() {
	m.Helper()
	const sendMessageBack, likeAnyFailure, dead = 36, 0, -1
	m.backs++
	failed := m.firstOf(m.topic)
	for level, to := range map[int]string{likeAnyFailure: "%RETRY%" + m.group, dead: "%DLQ%" + m.group} {
		reply := mustAsk(m.T, m.broker, sendMessageBack, map[string]string{
			"offset": strconv.FormatInt(failed.PhysicalOffset(), 10), "group": m.group, "delayLevel": strconv.Itoa(level),
			"originMsgId": string(failed.Properties().Get(message.PropertyUniqKey)), "originTopic": m.topic, "unitMode": "false", "maxReconsumeTimes": "16",
		})
		if reply.Code != 0 {
			m.Fatalf("send a message back with level %d: code %d %s", level, reply.Code, reply.Remark)
		}
		m.awaitEnd(to, m.backs)
	}
}

func (m *move) firstOf(topic string) message.Record {
	m.Helper()
	records, _ := pullAll(m.T, m.broker, queue{topic, 0})
	if len(records[0]) == 0 {
		m.Fatalf("queue 0 of %s does not begin at 0", topic)
	}
	return records[0]
}

// awaitEnd waits until a topic's queue 0 ends at an offset, or behind it where a kill may have had messages delivered again.
func (m *move) awaitEnd(topic string, offset int) {
	m.Helper()
	stage.Eventually(m.T, deliveryTime, fmt.Sprintf("an end of %s at %d", topic, offset), func() bool {
		end := int(offsetOf(m.T, m.broker, getMaxOffset, queue{topic, 0}.fields()))
		return end == offset || m.delivered == atLeastOnce && end > offset
	})
}

// leavePending sends a delayed message that is delivered by the next server.
func (m *move) leavePending() {
	m.Helper()
	m.later = m.id()
	properties := message.Properties(nil).Set(message.PropertyDelay, strconv.Itoa(pendingLevel)).Set(message.PropertyKeys, "later").Set(message.PropertyUniqKey, m.later)
	m.stored(sendByHand(m.T, m.broker, m.late, properties, agent.Body(20, 0), nil))
	m.lates++
}

// checkPending says that the message left pending has not come yet.
func (m *move) checkPending(left []message.Record) {
	m.Helper()
	for _, r := range left {
		if string(r.Topic()) == m.late && string(r.Properties().Get(message.PropertyUniqKey)) == m.later {
			m.Errorf("the delayed message came before the server was left: the way took too long")
		}
	}
}

// saved waits until the table of commits on the disk, which is saved by the clock, says what the broker does: a kill leaves what
// it says.
func (m *move) saved() {
	m.Helper()
	stage.Eventually(m.T, 30*time.Second, "all commits on the disk", func() bool {
		state := m.snapshot()
		return len(state.commits) > 0 && state.commitsSaved(m.T, m.store)
	})
}
