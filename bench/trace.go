package bench

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gantry/remoting/message"
	"gantry/tools/client"
)

// tracer sends message traces as the stock client 4.9 does (AsyncTraceDispatcher): contexts wait in a queue that drops what it has
// no room for, and go in batches to the topic of traces from a client of its own. A nil one traces nothing.
type tracer struct {
	client   *client.Client
	producer *client.Producer
	group    string // of who is traced
	waiting  chan traceContext
	ending   chan struct{}
	running  sync.WaitGroup

	sent, dropped, failed atomic.Int64 // contexts
}

// What a tracer's client does (AsyncTraceDispatcher.Type).
const (
	traceProduces = "PRODUCE"
	traceConsumes = "CONSUME"
)

// The stock dispatcher's bounds, and one of ours: a message has room for 32,767 bytes of properties, keys among them.
const (
	traceTopic      = "RMQ_SYS_TRACE_TOPIC"
	traceQueue      = 1024                   // contexts
	traceBatchBytes = 118_000                // from here on a batch goes at once
	traceKeyBytes   = 24_000                 // from here on, too
	traceBatchAge   = 500 * time.Millisecond // of its first context when it goes
	traceSendMillis = 5000
)

// openTracer makes one for a group and what its client does, nil unless it is wanted.
func openTracer(wanted bool, config client.Config, group, does string) (*tracer, error) {
	if !wanted {
		return nil, nil
	}
	c, err := client.Open(config)
	if err != nil {
		return nil, err
	}
	t := &tracer{client: c, group: group, waiting: make(chan traceContext, traceQueue), ending: make(chan struct{}),
		producer: c.Producer(client.ProducerConfig{Group: "_INNER_TRACE_PRODUCER-" + group + "-" + does + "-1", SendMillis: traceSendMillis})}
	t.running.Go(t.run)
	return t, nil
}

// end sends what waits and says how much was traced. What is added later is lost.
func (t *tracer) end(out io.Writer) {
	if t == nil {
		return
	}
	close(t.ending)
	t.running.Wait()
	t.producer.Wait() // each send ends within traceSendMillis
	t.client.Close()
	fmt.Fprintf(out, "Traces: %d sent, %d dropped, %d failed\n", t.sent.Load(), t.dropped.Load(), t.failed.Load())
}

// add never waits.
func (t *tracer) add(c traceContext) {
	select {
	case t.waiting <- c:
	default:
		t.dropped.Add(1)
	}
}

// traceBatch is what one message of traces will have.
type traceBatch struct {
	body     []byte
	keys     []byte          // those that known has, in their order
	known    map[string]bool // nil: none
	contexts int64
}

func (b *traceBatch) add(c traceContext) {
	b.body = appendTrace(b.body, c)
	b.contexts++
	id, keys := c.keys()
	b.addKey(id)
	for key := range strings.FieldsSeq(keys) {
		b.addKey(key)
	}
}

func (b *traceBatch) addKey(key string) {
	if b.known[key] {
		return
	}
	if b.known == nil {
		b.known = map[string]bool{}
	}
	b.known[key] = true
	if len(b.keys) > 0 {
		b.keys = append(b.keys, message.KeySeparator)
	}
	b.keys = append(b.keys, key...)
}

func (b *traceBatch) full() bool {
	return len(b.body) >= traceBatchBytes || len(b.keys) >= traceKeyBytes
}

// run gathers and sends until the end.
func (t *tracer) run() {
	var batch traceBatch
	take := func(c traceContext) {
		if batch.add(c); batch.full() {
			t.send(batch)
			batch = traceBatch{}
		}
	}
	age := time.NewTimer(traceBatchAge)
	defer age.Stop()
	for {
		select {
		case c := <-t.waiting:
			if batch.contexts == 0 {
				age.Reset(traceBatchAge)
			}
			take(c)
		case <-age.C:
			t.send(batch)
			batch = traceBatch{}
		case <-t.ending:
			for len(t.waiting) > 0 {
				take(<-t.waiting)
			}
			t.send(batch)
			return
		}
	}
}

func (t *tracer) send(b traceBatch) {
	if b.contexts == 0 {
		return
	}
	m := &client.Message{Topic: traceTopic, Body: b.body, Keys: string(b.keys)}
	done := func(_ client.SendResult, err error) {
		if err != nil {
			t.failed.Add(b.contexts)
			return
		}
		t.sent.Add(b.contexts)
	}
	if err := t.producer.SendAsync(context.Background(), m, done); err != nil {
		done(client.SendResult{}, err)
	}
}
