package compat

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
	"gantry/tools/compat/wire"
)

// pollTime is how long a client goes on with the route that it has, and a little more.
const pollTime = 45 * time.Second

// copies are a master and a slave of one shard, and the proxy that routes to them.
type copies struct {
	proxy, master, slave *server.Alone
}

// pairOf starts a Gantry pair behind a proxy of a routeMode.
func pairOf(t *testing.T, routeMode string) copies {
	t.Helper()
	proxy := proxyFor(t, map[string]string{"routeMode": routeMode})
	c := copies{proxy: proxy, master: copyAt(t, proxy.Address, "master", map[string]string{"brokerRole": "ASYNC_MASTER"})}
	c.slave = copyAt(t, proxy.Address, "slave", map[string]string{"brokerRole": "SLAVE", "brokerId": "1"})
	c.awaitRoute(t, "TBW102", "0", "1")
	return c
}

func copyAt(t *testing.T, list, name string, role map[string]string) *server.Alone {
	t.Helper()
	properties := map[string]string{"messageDelayLevel": delayLevels}
	maps.Copy(properties, role)
	n, err := server.StartNode(t.Context(), server.Config{
		Set: theatre.Artifacts(t), Dir: filepath.Join(t.TempDir(), name), Properties: properties,
	}, list)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// awaitRoute waits until clients are led to the copies of these ids, and to no others.
func (c copies) awaitRoute(t *testing.T, topic string, ids ...string) {
	t.Helper()
	stage.Eventually(t, 20*time.Second, "a route to the copies that there are", func() bool {
		return slices.Equal(slices.Sorted(maps.Keys(shardAt(t, c.proxy.Address, topic))), ids)
	})
}

// total adds up what one copy says of a topic's queues.
func total(ask func(queue int) int64, queues int) (sum int64) {
	for id := range queues {
		sum += max(ask(id), 0)
	}
	return sum
}

// committed is what a group has committed to a copy, all of a topic's queues together.
func committed(address, group, topic string, queues int) int64 {
	const queryConsumerOffset = 14
	return total(func(queue int) int64 {
		reply, err := wire.Ask(context.Background(), address, queryConsumerOffset,
			map[string]string{"consumerGroup": group, "topic": topic, "queueId": strconv.Itoa(queue)}, nil)
		if err != nil || reply.Code != 0 {
			return 0
		}
		offset, err := strconv.ParseInt(reply.ExtFields["offset"], 10, 64)
		if err != nil {
			return 0
		}
		return offset
	}, queues)
}

// Consumption goes on from the slave while the master is dead, and what was committed meanwhile is the master's when it returns:
// nothing is consumed twice, nothing is left out.
func TestConsumptionGoesOnFromASlaveAndItsOffsetsAreKept(t *testing.T) {
	t.Parallel()
	for _, routeMode := range []string{"gateway", "direct"} {
		t.Run(routeMode, func(t *testing.T) {
			t.Parallel()
			pair := pairOf(t, routeMode)
			var sent, consumed sync.WaitGroup
			kinds := newClients()
			sent.Add(len(kinds))
			consumed.Add(len(kinds))
			dead, back := make(chan struct{}), make(chan struct{})
			var acts sync.WaitGroup
			acts.Go(func() {
				defer close(back)
				sent.Wait()
				pair.master.Kill()
				close(dead)
				consumed.Wait()
				if err := pair.master.StartAgain(context.Background()); err != nil {
					t.Errorf("the master does not return: %v", err)
				}
			})
			t.Run("clients", func(t *testing.T) {
				for _, kind := range kinds {
					t.Run(string(kind), func(t *testing.T) {
						t.Parallel()
						s := &slaveStory{pair: pair, c: theatre.Client(t, kind, namesrv{list: pair.proxy.Address}), sent: sync.OnceFunc(sent.Done), consumed: sync.OnceFunc(consumed.Done), dead: dead, back: back}
						defer s.sent()
						defer s.consumed()
						if kind == agent.Go212 {
							s.tellOfGo(t)
						} else {
							s.tell(t)
						}
					})
				}
			})
			acts.Wait()
		})
	}
}

// slaveStory is what one client sees of it.
type slaveStory struct {
	pair           copies
	c              *stage.Client
	sent, consumed func()
	dead, back     <-chan struct{}
}

const (
	storyQueues   = 4
	storyMessages = 40
)

func (s *slaveStory) tell(t *testing.T) {
	topic, group := s.c.Topic(storyQueues), s.c.Unique("group")
	producer := s.c.Producer()
	producer.Send(agent.Sync, stage.Messages(topic, storyMessages)...)
	before := s.c.Subscribe(topic, group)
	before.AwaitCount(deliveryTime, storyMessages)
	stage.Eventually(t, 30*time.Second, "the commits at the master", func() bool {
		return committed(s.pair.master.Address, group, topic, storyQueues) == storyMessages
	})
	before.Shutdown()
	producer.Send(agent.Sync, stage.Messages(topic, storyMessages)...)
	stage.Eventually(t, 20*time.Second, "all messages and commits at the slave", func() bool {
		end := total(func(q int) int64 { return endOfQueue(t, s.pair.slave.Address, topic, q) }, storyQueues)
		return end == 2*storyMessages && committed(s.pair.slave.Address, group, topic, storyQueues) == storyMessages
	})
	s.sent()
	<-s.dead
	s.pair.awaitRoute(t, topic, "1")
	meanwhile := s.c.Subscribe(topic, group)
	meanwhile.AwaitCount(pollTime, storyMessages)
	stage.Eventually(t, 30*time.Second, "the commits at the slave", func() bool {
		return committed(s.pair.slave.Address, group, topic, storyQueues) == 2*storyMessages
	})
	meanwhile.Shutdown()
	if n := len(meanwhile.Delivered()); n != storyMessages {
		t.Errorf("%d deliveries from the slave, want %d", n, storyMessages)
	}
	s.consumed()
	<-s.back
	stage.Eventually(t, 10*time.Second, "the commits at the master", func() bool {
		return committed(s.pair.master.Address, group, topic, storyQueues) == 2*storyMessages
	})
	s.pair.awaitRoute(t, topic, "0", "1")
	after := s.c.Subscribe(topic, group)
	s.c.Producer().Send(agent.Sync, stage.Messages(topic, storyMessages)...)
	after.AwaitCount(pollTime, storyMessages)
	stage.Eventually(t, 30*time.Second, "the last commits at both", func() bool {
		return committed(s.pair.master.Address, group, topic, storyQueues) == 3*storyMessages &&
			committed(s.pair.slave.Address, group, topic, storyQueues) == 3*storyMessages
	})
	if n := len(after.Delivered()); n != storyMessages {
		t.Errorf("%d deliveries after the master's return, want %d", n, storyMessages)
	}
}

// tellOfGo is the same of the Go client v2.1.2, which asks a master alone for its offsets and commits to none but it: who runs
// goes on, nobody new begins while there is none.
func (s *slaveStory) tellOfGo(t *testing.T) {
	topic, group := s.c.Topic(storyQueues), s.c.Unique("group")
	runs := s.c.Subscribe(topic, group)
	puller := s.c.Pull(topic, s.c.Unique("pullers"), "*")
	s.c.Producer().Send(agent.Sync, stage.Messages(topic, storyMessages)...)
	runs.AwaitCount(deliveryTime, storyMessages)
	stage.Eventually(t, 20*time.Second, "all messages at the slave", func() bool {
		return total(func(q int) int64 { return endOfQueue(t, s.pair.slave.Address, topic, q) }, storyQueues) == storyMessages
	})
	s.sent()
	<-s.dead
	s.pair.awaitRoute(t, topic, "1")
	pulled := 0
	for _, queue := range stage.Queues(topic, storyQueues) {
		stage.Eventually(t, pollTime, "messages from the slave", func() bool {
			result, err := puller.TryPull(queue, "*", 0, 2*storyMessages)
			pulled += len(result.Messages)
			return err == nil && len(result.Messages) > 0
		})
	}
	if pulled != storyMessages {
		t.Errorf("%d messages pulled from the slave, want %d", pulled, storyMessages)
	}
	s.consumed()
	<-s.back
	s.pair.awaitRoute(t, topic, "0", "1")
	s.c.Producer().Send(agent.Sync, stage.Messages(topic, storyMessages)...)
	runs.AwaitCount(pollTime, 2*storyMessages)
	stage.Eventually(t, 30*time.Second, "the last commits at both", func() bool {
		return committed(s.pair.master.Address, group, topic, storyQueues) == 2*storyMessages &&
			committed(s.pair.slave.Address, group, topic, storyQueues) == 2*storyMessages
	})
	if n := len(runs.Delivered()); n != 2*storyMessages {
		t.Errorf("%d deliveries in all, want %d", n, 2*storyMessages)
	}
}
