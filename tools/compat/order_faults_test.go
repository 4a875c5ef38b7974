package compat

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

const (
	sequencedKeys   = 8
	roundEvery      = 200 * time.Millisecond
	orderHoldMillis = 10
)

// A member dies with its queues locked, and later the server is restarted. The messages of each key come in their order, none left
// out; those of which nobody knew any more that they were consumed come again.
func TestOrderOutlivesADeadMemberAndARestart(t *testing.T) {
	srv := theatre.Server(t, server.Standalone, nil)
	var groups []*orderedGroup
	for _, kind := range []agent.Kind{agent.Java498, agent.Go212} {
		groups = append(groups, startOrderedGroup(t, kind, srv))
	}
	for _, g := range groups {
		g.victim.Kill()
	}
	awaitSurvivors(t, groups, "the death of the others")
	must(t, srv.Stop())
	must(t, srv.Start(t.Context()))
	awaitSurvivors(t, groups, "the restart")
	for _, g := range groups {
		g.finish(t)
	}
}

// orderedGroup is a group of two, one of whom dies, and who sends to it.
type orderedGroup struct {
	kind             agent.Kind
	victim           *stage.Client
	dying, surviving *stage.Push
	sends            *keyedSends
}

// startOrderedGroup returns when both members have their queues, and something from each.
func startOrderedGroup(t *testing.T, kind agent.Kind, srv server.Server) *orderedGroup {
	t.Helper()
	c := theatre.Client(t, kind, srv)
	g := &orderedGroup{kind: kind, victim: theatre.OwnClient(t, kind, srv)}
	topic := c.Topic(loadQueues)
	inOrder := agent.PushConsumer{
		Group: c.Unique("group"), Topics: map[string]string{topic: "*"}, FromFirst: true, Orderly: true, HoldMillis: orderHoldMillis,
	}
	g.dying, g.surviving = g.victim.Push(inOrder), c.Push(inOrder)
	stage.AwaitAll(t, rebalanceTime, "two queues at each member", func() bool {
		return len(g.dying.Queues(topic)) == 2 && len(g.surviving.Queues(topic)) == 2
	}, g.dying, g.surviving)
	g.sends = startKeyedSends(t, topic, c.Producer())
	stage.AwaitAll(t, lockTime, "messages from every queue", func() bool { return deliversSince(time.Time{})(g.delivered()) }, g.dying, g.surviving)
	return g
}

// awaitSurvivors waits until each has something from every queue that has been there since now.
func awaitSurvivors(t *testing.T, groups []*orderedGroup, after string) {
	t.Helper()
	since := time.Now()
	for _, g := range groups {
		g.surviving.Await(lockTime, "messages from every queue after "+after, deliversSince(since))
		t.Logf("%s had something from every queue %.1f s after %s", g.kind, time.Since(since).Seconds(), after)
	}
}

// delivered is what both members were given, in the order of time.
func (g *orderedGroup) delivered() []agent.Delivered {
	all := slices.Concat(g.dying.Delivered(), g.surviving.Delivered())
	slices.SortStableFunc(all, func(a, b agent.Delivered) int { return cmp.Compare(a.ReceivedMillis, b.ReceivedMillis) })
	return all
}

// finish ends the sends, waits for the rest, and says that every key's rounds came one after the other.
func (g *orderedGroup) finish(t *testing.T) {
	t.Helper()
	rounds := g.sends.stop()
	stage.AwaitAll(t, lockTime, "all that was sent", func() bool {
		next, _ := roundsOf(g.delivered())
		return !slices.ContainsFunc(next, func(n int) bool { return n < rounds })
	}, g.surviving)
	_, gaps := roundsOf(g.delivered())
	if len(gaps) > 0 || rounds < 10 {
		t.Errorf("%s: %d rounds were sent, in what came are %d gaps: %v", g.kind, rounds, len(gaps), gaps[:min(5, len(gaps))])
	}
	t.Logf("%s: %d rounds of %d keys came in %d deliveries", g.kind, rounds, sequencedKeys, len(g.delivered()))
}

// roundsOf is for each key the round that comes next, and the places where one was left out.
func roundsOf(seen []agent.Delivered) (next []int, gaps []string) {
	next = make([]int, sequencedKeys)
	for _, d := range seen {
		key, err := strconv.Atoi(d.Properties["key"])
		round, bad := strconv.Atoi(d.Properties["round"])
		if err != nil || bad != nil || key >= sequencedKeys {
			return next, []string{fmt.Sprintf("a message that nobody sent: %v", d.Properties)}
		}
		if round > next[key] {
			gaps = append(gaps, fmt.Sprintf("key %d: round %d at queue %d offset %d, want %d", key, round, d.QueueID, d.QueueOffset, next[key]))
		}
		next[key] = max(next[key], round+1)
	}
	return next, gaps
}

// keyedSends send to each key round after round, each message again until it is acknowledged.
type keyedSends struct {
	topic    string
	producer *stage.Producer
	quitting chan struct{}
	quit     func() // closes quitting, once
	worker   sync.WaitGroup
	rounds   int // that are acknowledged; the worker's
}

func startKeyedSends(t *testing.T, topic string, producer *stage.Producer) *keyedSends {
	s := &keyedSends{topic: topic, producer: producer, quitting: make(chan struct{})}
	s.quit = sync.OnceFunc(func() { close(s.quitting) })
	s.worker.Go(s.run)
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *keyedSends) run() {
	pace := time.NewTicker(roundEvery)
	defer pace.Stop()
	for ; ; s.rounds++ {
		for key := range sequencedKeys {
			for !s.send(key) {
				select {
				case <-s.quitting:
					return
				case <-pace.C:
				}
			}
		}
		select {
		case <-s.quitting:
			s.rounds++
			return
		case <-pace.C:
		}
	}
}

// send reports whether a message of this round was acknowledged.
func (s *keyedSends) send(key int) bool {
	result, err := s.producer.TryByKey(fmt.Sprint("key", key), agent.Message{
		Topic: s.topic, BodyBytes: 10, Properties: map[string]string{"key": strconv.Itoa(key), "round": strconv.Itoa(s.rounds)},
	})
	return err == nil && result.Status == "SEND_OK"
}

// stop ends the sends and returns how many rounds are acknowledged whole.
func (s *keyedSends) stop() int {
	s.quit()
	s.worker.Wait()
	return s.rounds
}
