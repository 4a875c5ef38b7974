package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"gantry/tools/client"
)

// BatchProducerOptions are the official batch producer benchmark's (4.9), and ours.
type BatchProducerOptions struct {
	Client client.Config

	Topic         string
	Threads       int // senders at once
	MessageBytes  int
	BatchMessages int
	KeyEnable     bool
	PropertyBytes int // size of the application's properties, about
	TagCount      int
	Trace         bool // send message traces
	ReportMillis  int
	Seconds       int // after which it ends, 0: none (ours)
}

// What the official batch producer has of its own.
const (
	batchProducerGroup = "benchmark_batch_producer"
	batchSecretKey     = "12346789"
)

func batchProducerCommand() *cli.Command {
	return &cli.Command{
		Name:  "batchproducer",
		Usage: "the official batch producer benchmark: its options, its lines, and a histogram at the end",
		Flags: append([]cli.Flag{
			namesrvFlag(),
			&cli.StringFlag{Name: "t", Aliases: []string{"topic"}, Value: "BenchmarkTest", Usage: "`TOPIC`"},
			&cli.IntFlag{Name: "w", Aliases: []string{"threadCount"}, Value: 64, Usage: "`SENDERS` at once"},
			&cli.IntFlag{Name: "s", Aliases: []string{"messageSize"}, Value: 128, Usage: "`BYTES` of a message"},
			&cli.IntFlag{Name: "b", Aliases: []string{"batchSize"}, Value: 16, Usage: "`MESSAGES` of a batch"},
			boolFlag("k", "keyEnable", "give each message a key:"),
			&cli.IntFlag{Name: "p", Aliases: []string{"propertySize"}, Usage: "`BYTES` of properties"},
			&cli.IntFlag{Name: "l", Aliases: []string{"tagCount"}, Usage: "`NUMBER` of different tags"},
			reportFlag(), secondsFlag(), headerFlag(),
		}, traceAndKeys(batchSecretKey, []string{"c"}, []string{"e"})...),
		Action: workload(batchProducerOptions, ProduceBatches),
	}
}

func batchProducerOptions(c *cli.Context, b *bools, config client.Config) BatchProducerOptions {
	return BatchProducerOptions{Client: config,
		Topic: c.String("t"), Threads: c.Int("w"), MessageBytes: c.Int("s"), BatchMessages: c.Int("b"), KeyEnable: b.get("k"),
		PropertyBytes: c.Int("p"), TagCount: c.Int("l"), Trace: b.get("m"), ReportMillis: c.Int("ri"), Seconds: c.Int("seconds"),
	}
}

// batchRun is one run of the batch producer benchmark.
type batchRun struct {
	options  BatchProducerOptions
	producer *client.Producer
	out      io.Writer
	body     []byte
	stats    batchStats
	window   window[batchSample]
}

// ProduceBatches sends batches until the time is over or ctx ends, and writes the
// official lines to out.
func ProduceBatches(ctx context.Context, o BatchProducerOptions, out io.Writer) error {
	if o.BatchMessages <= 0 {
		return fmt.Errorf("a batch of %d messages: it has one or more", o.BatchMessages)
	}
	traces, err := openTracer(o.Trace, o.Client, batchProducerGroup, traceProduces)
	if err != nil {
		return err
	}
	defer traces.end(out)
	c, err := client.Open(o.Client)
	if err != nil {
		return err
	}
	defer c.Close()
	r := &batchRun{options: o, out: out, body: randomBody(o.MessageBytes),
		producer: c.Producer(client.ProducerConfig{Group: batchProducerGroup, CompressOverBytes: -1, Sent: traces.sends()})}
	r.printStart()
	ctx, cancel := forSeconds(ctx, o.Seconds)
	defer cancel()
	r.window.during(ctx, o.ReportMillis, r.stats.sample, r.printReport, func() {
		inParallel(o.Threads, func(random *rand.Rand) { r.sendLoop(ctx, random) })
	})
	fmt.Fprintln(out, r.stats.histogram.String())
	return nil
}

func (r *batchRun) sendLoop(ctx context.Context, random *rand.Rand) {
	for ctx.Err() == nil {
		begin := time.Now()
		result, err := r.producer.SendBatch(ctx, r.batch(begin, random))
		r.stats.ended(ctx, begin, int64(r.options.BatchMessages), result.Status, err)
		if err != nil {
			pauseAfter(ctx, err)
		}
	}
}

func (r *batchRun) batch(now time.Time, random *rand.Rand) []*client.Message {
	o := r.options
	batch := make([]*client.Message, o.BatchMessages)
	sent := r.stats.messages.Load()
	for i := range batch {
		m := &client.Message{Topic: o.Topic, Body: r.body}
		if o.KeyEnable {
			m.Keys = strconv.FormatInt(now.Unix(), 10)
		}
		if o.TagCount > 0 {
			m.Tags = "tag" + strconv.FormatInt((sent+int64(i))%int64(o.TagCount), 10)
		}
		if o.PropertyBytes > 0 {
			m.Properties = properties(o.PropertyBytes, random)
		}
		batch[i] = m
	}
	return batch
}

func (r *batchRun) printStart() {
	o := r.options
	fmt.Fprintf(r.out, "topic: %s threadCount: %d messageSize: %d batchSize: %d keyEnable: %t propertySize: %d tagCount: %d traceEnable: %t aclEnable: %t\n",
		o.Topic, o.Threads, o.MessageBytes, o.BatchMessages, o.KeyEnable, o.PropertyBytes, o.TagCount, o.Trace, o.Client.Sign != nil)
}

func (r *batchRun) printReport(first, last batchSample) {
	tps, mps, mean, perMessage := last.since(first)
	fmt.Fprintf(r.out, "Current Time: %d Send TPS: %d Send MPS: %d Max RT(ms): %d Average RT(ms): %7.3f Average Message RT(ms): %7.3f Send Failed: %d Send Message Failed: %d\n",
		time.Now().UnixMilli(), tps, mps, r.stats.histogram.Max().Milliseconds(), mean, perMessage, last.failed, last.messagesFailed)
}
