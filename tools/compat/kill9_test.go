package compat

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
	"gantry/tools/compat/wire"
)

const (
	loadQueues = 4
	// resumeTime is the longest time from a restarted server's readiness to deliveries from every queue.
	resumeTime = 5 * time.Second
	// pullTimeout is after how long a client asks again for a queue whose pull it has lost. Even the newest loses one now and
	// then when a connection breaks while the request is on its way into it, which under load happens in one round of many.
	pullTimeout = 30 * time.Second
)

func TestKill9LosesNoAcknowledgedMessageWithSyncFlush(t *testing.T) { killUnderLoad(t, "SYNC_FLUSH") }

func TestKill9LosesNoAcknowledgedMessageWithAsyncFlush(t *testing.T) { killUnderLoad(t, "ASYNC_FLUSH") }

// killUnderLoad kills the server again and again while clients of every kind produce or consume, and says that deliveries resume
// by themselves each time (at the client that always notices a broken connection) and that in the end every group got every
// acknowledged message.
func killUnderLoad(t *testing.T, flushDiskType string) {
	srv := theatre.Server(t, server.Standalone, map[string]string{"flushDiskType": flushDiskType})
	topic := "under_load"
	stage.CreateTopic(t, srv, topic, loadQueues)
	consumers := map[agent.Kind]*stage.Push{}
	for _, kind := range agent.Kinds() {
		c := theatre.Client(t, kind, srv)
		consumers[kind] = c.Subscribe(topic, c.Unique("group"))
	}
	load := startLoad(t, topic, theatre.Client(t, agent.Java532, srv).ProducerAsShipped(), theatre.Client(t, agent.Go212, srv).ProducerAsShipped())
	for _, consumer := range consumers {
		consumer.Await(deliveryTime, "messages from every queue", deliversSince(time.Time{}))
	}
	late := 0
	for round := range killRounds() {
		load.await(t, 100)
		srv.Kill()
		if err := srv.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		ready := time.Now()
		consumers[agent.Java532].Await(pullTimeout+resumeTime, "messages from every queue again", deliversSince(ready))
		if resumed := time.Since(ready); resumed > resumeTime {
			t.Logf("round %d: deliveries resumed after %v", round, resumed)
			late++
		}
	}
	if late > max(1, killRounds()/5) {
		t.Errorf("deliveries resumed later than %v in %d of %d rounds", resumeTime, late, killRounds())
	}
	load.await(t, 100)
	acknowledged := load.stop()
	for _, kind := range agent.Kinds() {
		checkNothingLost(t, acknowledged, consumers[kind])
	}
	checkPlaces(t, consumers)
}

// killRounds is how often the server is killed: often enough to hit it in the middle of things, and on the real one, whose start takes
// seconds, just to prove the check.
func killRounds() int {
	if theatre.Target == server.Real {
		return 2
	}
	if os.Getenv("GANTRY_LONG") != "" { // make test-long
		return 30
	}
	return 10
}

func TestAConsumerThatWaitsDuringAKill9HasTheNextMessageSoon(t *testing.T) {
	srv := theatre.Server(t, server.Standalone, nil)
	topic := "waited_for"
	stage.CreateTopic(t, srv, topic, loadQueues)
	producer := theatre.Client(t, agent.Java532, srv).Producer()
	consumers := map[agent.Kind]*stage.Push{}
	for _, kind := range promptKinds() {
		c := theatre.Client(t, kind, srv)
		consumers[kind] = c.Subscribe(topic, c.Unique("group"))
	}
	sendToEveryQueue := func() {
		for _, queue := range stage.Queues(topic, loadQueues) {
			producer.SendTo(queue, agent.Sync, stage.Messages(topic, 1)...)
		}
	}
	sendToEveryQueue()
	for _, consumer := range consumers {
		consumer.AwaitCount(deliveryTime, loadQueues) // from here on it waits at the server
	}
	srv.Kill()
	if err := srv.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	ready := time.Now()
	sendToEveryQueue()
	for kind, consumer := range consumers {
		consumer.Await(resumeTime-time.Since(ready), string(kind)+" to get messages from every queue again", deliversSince(ready))
	}
}

// promptKinds are the clients that notice the death of a server while a pull of theirs waits there. The Go client does not and
// pulls again only after its own 30 s. Java before 5 notices a connection that is reset, if it is reading and not just
// writing when that comes, but not one that is closed in order, which is how the kernel closes those of the real broker.
func promptKinds() []agent.Kind {
	if theatre.Target == server.Real {
		return []agent.Kind{agent.Java532}
	}
	return []agent.Kind{agent.Java460, agent.Java498, agent.Java532}
}

// deliversSince holds when every queue has delivered after a moment.
func deliversSince(moment time.Time) func([]agent.Delivered) bool {
	return func(seen []agent.Delivered) bool {
		queues := map[int]bool{}
		for _, d := range slices.Backward(seen) {
			if d.ReceivedMillis < moment.UnixMilli() {
				break
			}
			queues[d.QueueID] = true
		}
		return len(queues) == loadQueues
	}
}

// checkNothingLost says that the members of a group, together, have seen every acknowledged message.
func checkNothingLost(t *testing.T, acknowledged []acknowledgement, members ...*stage.Push) {
	t.Helper()
	deadline := time.Now().Add(deliveryTime)
	var missing []acknowledgement
	stage.AwaitAll(t, 2*deliveryTime, "an end of waiting", func() bool {
		missing = notSeen(acknowledged, members)
		return len(missing) == 0 || time.Now().After(deadline)
	}, members...)
	if len(missing) > 0 {
		t.Errorf("%s and its group have not seen %d of %d acknowledged messages, among them %v",
			members[0].Instance(), len(missing), len(acknowledged), missing[:min(8, len(missing))])
	}
}

func notSeen(acknowledged []acknowledgement, members []*stage.Push) []acknowledgement {
	seen := map[string]bool{}
	for _, member := range members {
		for _, d := range member.Delivered() {
			seen[strings.TrimSpace(d.Keys)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(acknowledged), func(a acknowledgement) bool { return seen[a.key] })
}

// checkPlaces says that no two members saw different messages at the same place.
func checkPlaces(t *testing.T, consumers map[agent.Kind]*stage.Push) {
	t.Helper()
	type place struct {
		queue  int
		offset int64
	}
	ids := map[place]string{}
	for kind, consumer := range consumers {
		for _, d := range consumer.Delivered() {
			at := place{queue: d.QueueID, offset: d.QueueOffset}
			if before, known := ids[at]; known && before != d.MsgID {
				t.Errorf("%s saw %s at queue %d offset %d, where there was %s", kind, d.MsgID, at.queue, at.offset, before)
			}
			ids[at] = d.MsgID
		}
	}
}

func TestAKilledProxyLosesNothingAndLeavesNoGhostMember(t *testing.T) {
	srv := theatre.Server(t, server.Split, nil)
	topic := "through_proxy"
	stage.CreateTopic(t, srv, topic, loadQueues)
	type group struct {
		name             string
		survivor, victim *stage.Push
		doomed           *stage.Client
	}
	var groups []group
	for _, kind := range agent.Kinds() {
		c, doomed := theatre.Client(t, kind, srv), theatre.OwnClient(t, kind, srv)
		name := c.Unique("group")
		survivor, victim := shareQueues(t, c, doomed, topic, name)
		groups = append(groups, group{name: name, survivor: survivor, victim: victim, doomed: doomed})
	}
	load := startLoad(t, topic, theatre.Client(t, agent.Java532, srv).ProducerAsShipped(), theatre.Client(t, agent.Go212, srv).ProducerAsShipped())
	load.await(t, 100)
	srv.KillFront()
	for _, g := range groups {
		g.doomed.Kill()
	}
	if err := srv.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	load.await(t, 100)
	for _, g := range groups {
		checkOnlyMember(t, srv, g.name, g.survivor.Instance())
	}
	acknowledged := load.stop()
	for _, g := range groups {
		checkNothingLost(t, acknowledged, g.survivor, g.victim)
	}
}

// checkOnlyMember says that a group's list of members becomes that one member's id.
func checkOnlyMember(t *testing.T, srv server.Server, group, instance string) {
	t.Helper()
	const getConsumerList = 38
	var last []string
	stage.Eventually(t, deliveryTime, "one member, the survivor", func() bool {
		reply, err := wire.Ask(context.Background(), stage.BrokerAddress(t, srv), getConsumerList,
			map[string]string{"consumerGroup": group}, nil)
		if err != nil || reply.Code != 0 {
			return false
		}
		var list struct {
			IDs []string `json:"consumerIdList"`
		}
		if err := json.Unmarshal(reply.Body, &list); err != nil {
			t.Fatal(err)
		}
		last = list.IDs
		return len(last) == 1 && strings.HasSuffix(last[0], "@"+instance)
	})
}
