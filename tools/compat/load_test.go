package compat

import (
	"fmt"
	"slices"
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
	loadBodyBytes      = 200
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
		_ = l.try(p, name, seq) // an error may happen while the server is down, and says nothing about the message
	}
}

// try sends one message, with the key NAME-SEQ and the body of SEQ, and keeps its acknowledgement; an error says that there is none.
func (l *load) try(p *stage.Producer, name string, seq int32) error {
	key := fmt.Sprintf("%s-%d", name, seq)
	result, err := p.Try(agent.Message{Topic: l.topic, Keys: key, BodyBytes: loadBodyBytes, Seed: seq})
	if err == nil && result.Status != "SEND_OK" {
		err = fmt.Errorf("send of %s: %s", key, result.Status)
	}
	if err == nil {
		l.acknowledge(acknowledgement{key: key, queue: result.Queue.ID, offset: result.QueueOffset})
	}
	return err
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

// soFar is everything that was acknowledged until now.
func (l *load) soFar() []acknowledgement {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.acknowledged)
}

// stop ends the load and returns everything that was acknowledged.
func (l *load) stop() []acknowledgement {
	l.quit()
	l.workers.Wait()
	return l.acknowledged
}
