package compat

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
)

const (
	workersPerProducer = 2
	sendEvery          = 10 * time.Millisecond // of one worker, so that the load leaves room for the consumers on a small machine
)

// acknowledgement is one message that a producer was told is stored, and where.
type acknowledgement struct {
	key    string
	queue  int
	offset int64
}

// load sends messages until it is stopped and keeps those that were acknowledged.
type load struct {
	topic    string
	quit     func() // closes quitting, once
	quitting chan struct{}
	workers  sync.WaitGroup
	count    atomic.Int64 // len(acknowledged), for whoever waits

	mu           sync.Mutex // guards acknowledged
	acknowledged []acknowledgement
}

func startLoad(t *testing.T, topic string, producers ...*stage.Producer) *load {
	quitting := make(chan struct{})
	l := &load{topic: topic, quitting: quitting, quit: sync.OnceFunc(func() { close(quitting) })}
	for i, p := range producers {
		for worker := range workersPerProducer {
			l.workers.Go(func() { l.send(p, fmt.Sprintf("p%d-w%d", i, worker)) })
		}
	}
	t.Cleanup(func() { l.stop() })
	return l
}

func (l *load) send(p *stage.Producer, name string) {
	pace := time.NewTicker(sendEvery)
	defer pace.Stop()
	for seq := int32(0); ; seq++ {
		select {
		case <-l.quitting:
			return
		case <-pace.C:
		}
		key := fmt.Sprintf("%s-%d", name, seq)
		// An error is an outcome that may happen while the server is down, and says nothing about the message.
		if result, err := p.Try(agent.Message{Topic: l.topic, Keys: key, BodyBytes: 200, Seed: seq}); err == nil && result.Status == "SEND_OK" {
			l.acknowledge(acknowledgement{key: key, queue: result.Queue.ID, offset: result.QueueOffset})
		}
	}
}

func (l *load) acknowledge(a acknowledgement) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acknowledged = append(l.acknowledged, a)
	l.count.Add(1)
}

// await waits for so many more acknowledgements.
func (l *load) await(t *testing.T, more int64) {
	t.Helper()
	want := l.count.Load() + more
	stage.Eventually(t, deliveryTime, fmt.Sprintf("%d more acknowledged sends", more), func() bool { return l.count.Load() >= want })
}

// stop ends the load and returns everything that was acknowledged.
func (l *load) stop() []acknowledgement {
	l.quit()
	l.workers.Wait()
	return l.acknowledged
}
