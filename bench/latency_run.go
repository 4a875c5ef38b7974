package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"gantry/tools/client"
)

// latencyRun is one run of the end-to-end benchmark.
type latencyRun struct {
	options  LatencyOptions
	producer *client.Producer
	out      io.Writer
	window   window[producerSample]
	measured atomic.Pointer[latencyPhase] // whose messages count
}

// latencyPhase is the warm-up or what follows; its messages are told from others by its number.
type latencyPhase struct {
	id       uint64
	begin    time.Time
	sends    producerStats
	arrivals producerStats // from when a send was due to its handler
}

func newLatencyPhase() *latencyPhase { return &latencyPhase{id: rand.Uint64(), begin: time.Now()} }

// A message begins with a mark, its phase and when it was due, ns after the phase's begin.
const (
	stampMark  = 0x6c6174656e637931
	stampBytes = 24
)

func (p *latencyPhase) stamp(body []byte, due time.Time) {
	binary.BigEndian.PutUint64(body, stampMark)
	binary.BigEndian.PutUint64(body[8:], p.id)
	binary.BigEndian.PutUint64(body[16:], uint64(due.Sub(p.begin)))
}

// due is when a message of this phase was due; false: it is another's.
func (p *latencyPhase) due(body []byte) (time.Time, bool) {
	if len(body) < stampBytes || binary.BigEndian.Uint64(body) != stampMark || binary.BigEndian.Uint64(body[8:]) != p.id {
		return time.Time{}, false
	}
	return p.begin.Add(time.Duration(binary.BigEndian.Uint64(body[16:]))), true
}

// findTopic sends one message, which has the server make the topic, and waits for its route.
func (r *latencyRun) findTopic(ctx context.Context, c *client.Client) error {
	if _, err := r.producer.Send(ctx, &client.Message{Topic: r.options.Topic, Body: make([]byte, stampBytes)}); err != nil {
		return fmt.Errorf("have topic %s made: %w", r.options.Topic, err)
	}
	return awaitQueues(ctx, c, r.options.Topic, 1)
}

func (r *latencyRun) handle(_ context.Context, m *client.Received) error {
	now, p := time.Now(), r.measured.Load()
	if due, ours := p.due(m.Body); ours {
		p.arrivals.took(now.Sub(due), 1)
	}
	return nil
}

func (r *latencyRun) run(ctx context.Context) {
	o := r.options
	fmt.Fprintf(r.out, "topic: %s, group: %s, rate: %d, messageSize: %d, threadCount: %d\n", o.Topic, o.Group, o.Rate, o.MessageBytes, o.Senders)
	if o.WarmupSeconds > 0 {
		warmup := r.measured.Load()
		r.phase(ctx, warmup, o.WarmupSeconds)
		r.awaitArrivals(ctx, warmup) // every queue is being pulled then
	}
	p := newLatencyPhase()
	r.measured.Store(p)
	reporting, stop := context.WithCancel(ctx)
	var reports sync.WaitGroup
	reports.Go(func() {
		r.window.run(reporting, o.ReportMillis, p.arrivals.sample, func(first, last producerSample) {
			tps, mean := last.since(first)
			fmt.Fprintf(r.out, "Current Time: %s TPS: %d Max RT(ms): %d Average RT(ms): %7.3f Send Failed: %d\n", time.Now().Format(officialTime), tps,
				p.arrivals.histogram.Max().Milliseconds(), mean, p.sends.failed.Load()+p.sends.refused.Load())
		})
	})
	r.phase(ctx, p, o.Seconds)
	stop()
	reports.Wait()
	r.awaitArrivals(ctx, p)
	r.printEnd(p)
}

// phase sends what is due; its messages may still be on their way when it returns.
func (r *latencyRun) phase(ctx context.Context, p *latencyPhase, seconds int) {
	pace := ProducerOptions{Rate: r.options.Rate, sleep: r.options.sleep}.newPace(seconds, 0)
	watching, stop := context.WithCancel(ctx)
	var watch, running sync.WaitGroup
	watch.Go(func() { showProgress(watching, r.options.Progress, p.arrivals.progress()) })
	running.Go(func() { pace.run(ctx) })
	for range r.options.Senders {
		running.Go(func() {
			for due := range pace.due {
				r.send(ctx, p, due)
			}
		})
	}
	running.Wait()
	stop()
	watch.Wait()
}

func (r *latencyRun) send(ctx context.Context, p *latencyPhase, due time.Time) {
	body := make([]byte, r.options.MessageBytes)
	p.stamp(body, due)
	_, err := r.producer.Send(ctx, &client.Message{Topic: r.options.Topic, Body: body})
	p.sends.ended(ctx, due, 1, err)
}

// awaitArrivals waits until what was sent has arrived, not longer than drainBound.
func (r *latencyRun) awaitArrivals(ctx context.Context, p *latencyPhase) {
	ctx, cancel := context.WithTimeout(ctx, drainBound)
	defer cancel()
	for p.arrivals.sent.Load() < p.sends.sent.Load() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (r *latencyRun) printEnd(p *latencyPhase) {
	sent, failed := p.sends.sent.Load(), p.sends.failed.Load()+p.sends.refused.Load()
	fmt.Fprintf(r.out, "[Complete] Send Total: %d Max RT(ms): %d Average RT(ms): %7.3f Send Failed: %d Not Arrived: %d\nSend %s\n%s\n", sent+failed,
		p.arrivals.histogram.Max().Milliseconds(), inMillis(p.arrivals.histogram.Mean()), failed, max(0, sent-p.arrivals.sent.Load()), p.sends.histogram.String(), p.arrivals.histogram.String())
}
