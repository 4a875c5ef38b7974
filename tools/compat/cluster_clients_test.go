package compat

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
	"gantry/tools/history"
)

const (
	unordered, ordered = "news", "orders"
	unorderedQueues    = 4 // in each shard
	orderedQueues      = 2
	orderedKeys        = 16
	sendPause          = 40 * time.Millisecond // of one worker
	// beside is how many later messages of a queue a listener of the unordered topic may be given first: as many as a client keeps of a
	// queue, for the Go client hands all of them out at once.
	beside = 1024
)

// clients are producers that never cease to send and groups that never cease to consume, everything they do recorded.
type clients struct {
	record *history.Recorder
	groups []*consumerGroup
	sends  []*sending

	quit    func() // closes quitting, once
	workers sync.WaitGroup
}

// consumerGroup is a group and what its members have been given.
type consumerGroup struct {
	name, topic string
	prompt      bool // its clients notice at once that a pull has lost its server
	queues      []history.Queue
	members     []*stage.Push

	mu   sync.Mutex // guards what follows
	held map[string][]history.Queue
	last map[history.Queue]time.Time // delivery
}

// sending is one worker of a producer.
type sending struct {
	name, topic string
	producer    *stage.Producer
	keys        int64 // 0: none
	bodyBytes   int

	mu   sync.Mutex // guards last
	last time.Time  // acknowledgement
}

// startClients starts, for each kind of client, a producer on each of its hosts, and groups with a member on each. It sends when
// members have shared the queues: one that takes a queue over asks for its place when its holder is only about to commit it.
func startClients(t *testing.T, record *history.Recorder, shards []string, bodyBytes int, kinds [][]*stage.Client) *clients {
	t.Helper()
	quitting := make(chan struct{})
	c := &clients{record: record, quit: sync.OnceFunc(func() { close(quitting) })}
	t.Cleanup(c.stop)
	record.Declare(unordered, beside)
	record.Declare(ordered, 0)
	for _, hosts := range kinds {
		c.group(unordered, queuesOf(unordered, unorderedQueues, shards), hosts)
		if hosts[0].Kind.IsJava() { // the Go client gives no lock back, so that each exchange of queues takes a minute
			c.group(ordered, queuesOf(ordered, orderedQueues, shards), hosts)
		}
		for i, host := range hosts {
			name, producer := fmt.Sprintf("%s-%d", host.Kind, i+1), host.ProducerAsShipped()
			c.sends = append(c.sends,
				&sending{name: name, topic: unordered, producer: producer, bodyBytes: bodyBytes},
				&sending{name: name + "-ordered", topic: ordered, producer: producer, keys: orderedKeys, bodyBytes: bodyBytes})
		}
	}
	for _, g := range c.groups {
		g.awaitShared(t)
	}
	for _, s := range c.sends {
		c.workers.Go(func() { s.run(record, quitting) })
	}
	return c
}

func queuesOf(topic string, n int, shards []string) (queues []history.Queue) {
	for _, shard := range shards {
		for id := range n {
			queues = append(queues, history.Queue{Topic: topic, Broker: shard, ID: id})
		}
	}
	return queues
}

// deliveriesPerSecond is how many there are of all groups together.
func (c *clients) deliveriesPerSecond() (all int) {
	for _, g := range c.groups {
		for _, s := range c.sends {
			if s.topic == g.topic {
				all += int(time.Second / sendPause)
			}
		}
	}
	return all
}

// unserved says who of producers and of groups has not been served since a moment; "" when everybody has.
func (c *clients) unserved(since time.Time, groups []*consumerGroup) string {
	for _, s := range c.sends {
		if !s.acknowledged(since) {
			return "an acknowledgement for " + s.name
		}
	}
	for _, g := range groups {
		if missing := g.unsettled(since); missing != "" {
			return missing
		}
	}
	return ""
}

// stop ends the sends; deliveries go on.
func (c *clients) stop() {
	c.quit()
	c.workers.Wait()
}

func (c *clients) group(topic string, queues []history.Queue, hosts []*stage.Client) {
	first := hosts[0]
	g := &consumerGroup{name: fmt.Sprintf("%s_%s", first.Kind, topic), topic: topic, prompt: first.Kind.IsJava(), queues: queues,
		held: map[string][]history.Queue{}, last: map[history.Queue]time.Time{}}
	c.record.Subscribe(g.name, topic)
	for _, host := range hosts {
		g.members = append(g.members, host.WatchedPush(agent.PushConsumer{
			Group: g.name, Topics: map[string]string{topic: "*"}, FromFirst: true, Orderly: topic == ordered,
		}, func(line agent.Line) { g.take(c.record, line) }))
	}
	c.groups = append(c.groups, g)
}

func (g *consumerGroup) take(record *history.Recorder, line agent.Line) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch line.Event {
	case "delivered":
		e := delivery(g.name, line)
		g.last[e.Queue] = time.Now()
		record.Deliver(e)
	case "assigned":
		var queues []history.Queue
		for _, q := range line.Queues {
			if q.Topic == g.topic {
				queues = append(queues, history.Queue{Topic: q.Topic, Broker: q.Broker, ID: q.ID})
			}
		}
		g.held[line.Member] = queues
		record.Hold(g.name, line.Member, queues)
	}
}

func delivery(group string, line agent.Line) history.Event {
	d := line.Message
	seq, err := strconv.ParseInt(d.Properties["seq"], 10, 64)
	if err != nil {
		seq = -1 // nobody's
	}
	queue := history.Queue{Topic: d.Topic, Broker: d.Broker, ID: d.QueueID}
	return history.Event{AtMillis: d.ReceivedMillis, Group: group, Member: line.Member, Place: history.Place{Queue: queue, Offset: d.QueueOffset},
		MsgID: d.MsgID, Reconsumed: d.ReconsumeTimes, Client: d.Properties["client"], Seq: seq, Key: d.Properties["key"], CRC: d.BodyCRC}
}

// unsettled says what keeps the group from working as it should: each queue held by one member, and something from each since a
// moment. It is "" when all is well. A member of the Go client whose pull was lost pulls again after 30 s, from where it was then.
func (g *consumerGroup) unsettled(since time.Time) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if missing := g.unheldLocked(); missing != "" {
		return missing
	}
	for _, q := range g.queues {
		if g.last[q].Before(since) {
			return fmt.Sprintf("a delivery to %s from %s", g.name, q)
		}
	}
	return ""
}

// unheldLocked says which queue has not one holder.
func (g *consumerGroup) unheldLocked() string {
	holders := map[history.Queue]int{}
	for _, queues := range g.held {
		for _, q := range queues {
			holders[q]++
		}
	}
	for _, q := range g.queues {
		if holders[q] != 1 {
			return fmt.Sprintf("one member of %s at %s, which %d hold", g.name, q, holders[q])
		}
	}
	return ""
}

// awaitShared waits until each member holds its share of the queues.
func (g *consumerGroup) awaitShared(t *testing.T) {
	t.Helper()
	stage.Eventually(t, settleTime, "queues of "+g.name+" shared by its members", func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, m := range g.members {
			if len(g.held[m.Instance()]) != len(g.queues)/len(g.members) {
				return false
			}
		}
		return g.unheldLocked() == ""
	})
}

// instances are the last parts of the members' client ids, sorted.
func (g *consumerGroup) instances() (all []string) {
	for _, m := range g.members {
		all = append(all, m.Instance())
	}
	slices.Sort(all)
	return all
}

func (s *sending) run(record *history.Recorder, quitting chan struct{}) {
	pace := time.NewTicker(sendPause)
	defer pace.Stop()
	for seq := int64(0); ; seq++ {
		select {
		case <-quitting:
			return
		case <-pace.C:
		}
		s.send(record, seq)
	}
}

func (s *sending) send(record *history.Recorder, seq int64) {
	key, shardingKey := "none", ""
	if s.keys > 0 {
		key = fmt.Sprint("k", seq%s.keys)
		shardingKey = key
	}
	m := agent.Message{Topic: s.topic, BodyBytes: s.bodyBytes, Seed: int32(seq), Keys: fmt.Sprintf("%s-%d", s.name, seq),
		Properties: map[string]string{"client": s.name, "seq": fmt.Sprint(seq), "key": key}}
	record.Invoke(s.name, seq, s.topic, key, crc32.ChecksumIEEE(agent.Body(m.BodyBytes, m.Seed)))
	result, err := s.producer.TryByKey(shardingKey, m)
	if err == nil && result.Status != "SEND_OK" {
		err = fmt.Errorf("status %s", result.Status)
	}
	if err != nil {
		record.Lose(s.name, seq, err) // which says nothing about the message
		return
	}
	queue := history.Queue{Topic: s.topic, Broker: result.Queue.Broker, ID: result.Queue.ID}
	record.Store(s.name, seq, history.Place{Queue: queue, Offset: result.QueueOffset}, result.MsgID)
	s.mu.Lock()
	s.last = time.Now()
	s.mu.Unlock()
}

func (s *sending) acknowledged(since time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last.After(since)
}

// memberIDs are the client ids' last parts of what a list of a group's members holds, sorted.
func memberIDs(list []string) (instances []string) {
	for _, id := range list {
		instances = append(instances, id[strings.LastIndex(id, "@")+1:])
	}
	slices.Sort(instances)
	return instances
}
