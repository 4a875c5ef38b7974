package main

import (
	"slices"
	"sync"

	"github.com/apache/rocketmq-client-go/v2/primitive"

	"gantry/tools/compat/agent"
)

// assignment remembers the queues a member was given, topic by topic, because the client shares out one topic at a time.
type assignment struct {
	mu      sync.Mutex // guards byTopic
	byTopic map[string][]agent.Queue
}

func newAssignment() *assignment { return &assignment{byTopic: map[string][]agent.Queue{}} }

// set notes what a member got of one topic's queues and returns everything it holds when that changed.
func (s *assignment) set(all, mine []*primitive.MessageQueue) (held []agent.Queue, changed bool) {
	if len(all) == 0 {
		return nil, false
	}
	topic := all[0].Topic
	queues := []agent.Queue{}
	for _, q := range mine {
		queues = append(queues, encodeQueue(q))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	changed = !slices.Equal(s.byTopic[topic], queues)
	s.byTopic[topic] = queues
	for _, queues := range s.byTopic {
		held = append(held, queues...)
	}
	return held, changed
}
