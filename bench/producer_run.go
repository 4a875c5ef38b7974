package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"gantry/tools/client"
)

// producerGroup is the official benchmark's.
const producerGroup = "benchmark_producer"

// producerRun is one run of the producer benchmark.
type producerRun struct {
	options   ProducerOptions
	producers []*client.Producer // senders take them in turn
	out       io.Writer
	topics    []string
	body      []byte
	stats     *producerStats
	window    window[producerSample]
}

func newProducerRun(o ProducerOptions, clients []*client.Client, traces *tracer, out io.Writer) *producerRun {
	config := client.ProducerConfig{Group: producerGroup, CompressOverBytes: -1, Sent: traces.sends()}
	if o.CompressBodies {
		config.CompressOverBytes = 0 // the client's default
	}
	r := &producerRun{options: o, out: out, topics: o.topicNames(), body: randomBody(o.MessageBytes), stats: new(producerStats)}
	for _, c := range clients {
		r.producers = append(r.producers, c.Producer(config))
	}
	return r
}

// randomBody is letters and digits, as the official benchmark's.
func randomBody(n int) []byte {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	body := make([]byte, n)
	for i := range body {
		body[i] = letters[rand.IntN(len(letters))]
	}
	return body
}

func (r *producerRun) run(ctx context.Context) error {
	r.printStart()
	if r.options.WarmupSeconds > 0 {
		r.phase(ctx, r.options.WarmupSeconds, 0, r.stats.progress())
		r.stats = new(producerStats)
	}
	reporting, stop := context.WithCancel(ctx)
	var reports sync.WaitGroup
	reports.Go(func() { r.window.run(reporting, r.options.ReportMillis, r.stats.sample, r.printReport) })
	r.phase(ctx, r.options.Seconds, r.options.Quantity, r.stats.progress())
	stop()
	reports.Wait()
	r.printEnd()
	return nil
}

// drainBound is how long sends may take that were due before the end of a paced run; what is unanswered then has failed.
const drainBound = 10 * time.Second

// phase sends for so many seconds and such a quantity, whichever is first; 0 is no bound.
func (r *producerRun) phase(ctx context.Context, seconds int, quantity int64, progress func() string) {
	bounded := ctx
	if seconds > 0 {
		length := time.Duration(seconds) * time.Second
		if r.options.Rate > 0 {
			length += drainBound
		}
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeout(ctx, length)
		defer cancel()
	}
	watching, stop := context.WithCancel(bounded)
	var watch sync.WaitGroup
	watch.Go(func() { showProgress(watching, r.options.Progress, progress) })
	if r.options.Rate > 0 {
		r.sendPaced(ctx, bounded, r.options.newPace(seconds, quantity))
	} else {
		r.sendAll(bounded, quantity)
	}
	stop()
	watch.Wait()
}

func (r *producerRun) sendAll(ctx context.Context, quantity int64) {
	var senders sync.WaitGroup
	for i, share := range shares(quantity, r.options.Threads) {
		if quantity > 0 && share == 0 {
			break
		}
		senders.Go(func() { r.sendLoop(ctx, i, share, newRandom(i)) })
	}
	senders.Wait()
	r.wait()
}

// sendPaced sends what is due; what bounded's end cuts off has failed, what stop's end does counts as nothing.
func (r *producerRun) sendPaced(stop, bounded context.Context, p *pace) {
	var running sync.WaitGroup
	running.Go(func() { p.run(bounded) })
	for i := range r.options.Threads {
		running.Go(func() {
			random := newRandom(i)
			for due := range p.due {
				r.send(bounded, stop, r.producers[i%len(r.producers)], due, p.batch, random)
			}
		})
	}
	running.Wait()
	r.wait()
}

func (r *producerRun) wait() {
	for _, p := range r.producers {
		p.Wait()
	}
}

func newRandom(sender int) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(sender), uint64(time.Now().UnixNano())))
}

// shares divides a quantity among senders; the first takes what is left over.
func shares(quantity int64, senders int) []int64 {
	all := make([]int64, senders)
	for i := range all {
		all[i] = quantity / int64(senders)
	}
	if senders > 0 {
		all[0] += quantity % int64(senders)
	}
	return all
}

// sendLoop sends share messages, or without end where share is 0.
func (r *producerRun) sendLoop(ctx context.Context, sender int, share int64, random *rand.Rand) {
	producer := r.producers[sender%len(r.producers)]
	for sent := int64(0); ctx.Err() == nil && (share == 0 || sent < share); {
		n := int64(1)
		if r.options.BatchMessages > 0 {
			n = int64(r.options.BatchMessages)
			if share > 0 {
				n = min(n, share-sent)
			}
		}
		sent += n
		if err := r.send(ctx, ctx, producer, time.Now(), n, random); err != nil {
			pauseAfter(ctx, err)
		}
	}
}

// send sends n messages whose latency counts from begin on. What stop's end cuts off counts as nothing.
func (r *producerRun) send(ctx, stop context.Context, producer *client.Producer, begin time.Time, n int64, random *rand.Rand) error {
	if r.options.Async {
		err := producer.SendAsync(ctx, r.message(begin, random), func(_ client.SendResult, err error) { r.ended(stop, begin, 1, err) })
		if err != nil {
			r.ended(stop, begin, 1, err)
		}
		return err
	}
	var err error
	if r.options.BatchMessages > 0 {
		batch := make([]*client.Message, n)
		for i := range batch {
			batch[i] = r.message(begin, random)
		}
		_, err = producer.SendBatch(ctx, batch)
	} else {
		_, err = producer.Send(ctx, r.message(begin, random))
	}
	r.ended(stop, begin, n, err)
	return err
}

// ended counts a send. One that was due and failed counts with its time, too: without it a server that answers nobody for longer
// than a send is patient would seem fast.
func (r *producerRun) ended(stop context.Context, begin time.Time, n int64, err error) {
	if err != nil && r.options.Rate > 0 && stop.Err() == nil {
		r.stats.histogram.Record(time.Since(begin))
	}
	r.stats.ended(stop, begin, n, err)
}

func (r *producerRun) message(now time.Time, random *rand.Rand) *client.Message {
	m := &client.Message{Topic: r.topics[random.IntN(len(r.topics))], Body: r.body}
	if r.options.KeyEnable {
		m.Keys = strconv.FormatInt(now.Unix(), 10)
	}
	if r.options.DelayEnable {
		m.DelayLevel = r.options.DelayLevel
	}
	if r.options.TagCount > 0 {
		m.Tags = "tag" + strconv.FormatInt(now.UnixMilli()%int64(r.options.TagCount), 10)
	}
	if r.options.PropertyBytes > 0 {
		m.Properties = properties(r.options.PropertyBytes, random)
	}
	return m
}

// properties are pairs as the official benchmark makes them, until their size is
// above the one asked for.
func properties(size int, random *rand.Rand) map[string]string {
	all := map[string]string{}
	value := random.IntN(100)
	for i, have := 0, 0; have <= size; i, value = i+2, value+2 {
		for name, v := range map[string]string{"prop" + strconv.Itoa(i): "hello" + strconv.Itoa(value), "prop" + strconv.Itoa(i+1): strconv.Itoa(value)} {
			all[name] = v
			have += len(name) + len(v)
		}
	}
	return all
}

// Pauses after a failure: the official benchmark waits so long after a refusal,
// and goes on at once where nobody answered.
const (
	refusalPause   = 3 * time.Second
	noAnswerPause  = 10 * time.Millisecond
	microsPerMilli = 1000
)

func (r *producerRun) printStart() {
	o := r.options
	fmt.Fprintf(r.out, "topic: %s threadCount: %d messageSize: %d keyEnable: %t propertySize: %d tagCount: %d traceEnable: %t aclEnable: %t messageQuantity: %d\n"+
		"delayEnable: %t delayLevel: %d\nasyncEnable: %t\n",
		o.Topic, o.Threads, o.MessageBytes, o.KeyEnable, o.PropertyBytes, o.TagCount, o.Trace, o.Client.Sign != nil, o.Quantity, o.DelayEnable, o.DelayLevel, o.Async)
}

// officialTime is how the official benchmark prints a time.
const officialTime = "2006-01-02 15:04:05,000"

func (r *producerRun) printReport(first, last producerSample) {
	tps, mean := last.since(first)
	fmt.Fprintf(r.out, "Current Time: %s Send TPS: %d Max RT(ms): %d Average RT(ms): %7.3f Send Failed: %d Response Failed: %d\n",
		time.Now().Format(officialTime), tps, r.stats.histogram.Max().Milliseconds(), mean, last.failed, last.refused)
}

func (r *producerRun) printEnd() {
	end := r.stats.sample()
	if first, last, n := r.window.ends(); n > 1 {
		tps, mean := last.since(first)
		fmt.Fprintf(r.out, "[Complete] Send Total: %d Send TPS: %d Max RT(ms): %d Average RT(ms): %7.3f Send Failed: %d Response Failed: %d\n",
			end.sent+end.failed, tps, r.stats.histogram.Max().Milliseconds(), mean, end.failed, end.refused)
	} else {
		fmt.Fprintf(r.out, "[Complete] Send Total: %d Send Failed: %d Response Failed: %d\n", end.sent+end.failed, end.failed, end.refused)
	}
	fmt.Fprintln(r.out, r.stats.histogram.String())
}
