package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"gantry/tools/client"
)

// ProducerOptions are the official producer benchmark's (4.9), and ours.
type ProducerOptions struct {
	Client client.Config

	Topic          string
	Topics         int // topics by that name and a number, in random turn; 0: the one topic (ours)
	Queues         int // of each topic, which is made before the first send; 0: as the server makes it (ours)
	Threads        int // senders at once; 1 where Async
	MessageBytes   int
	KeyEnable      bool
	PropertyBytes  int // size of the application's properties, about
	TagCount       int
	Quantity       int64 // messages after which it ends, 0: none
	DelayEnable    bool
	DelayLevel     int
	Async          bool
	BatchMessages  int // messages of one batch; 0: no batches (ours)
	ReportMillis   int
	Seconds        int // after which it ends, 0: none (ours)
	CompressBodies bool
	Trace          bool // send message traces

	Clients       int       // processes as servers see them, each with connections of its own; 0: one (ours)
	Rate          int       // messages a second, sent when they are due; 0: as fast as the senders come (ours)
	WarmupSeconds int       // of sending before the run that count for nothing (ours)
	HistogramPath string    // where the histogram of the run is kept as percentiles, "": nowhere (ours)
	Progress      io.Writer // gets a line that is written again and again, nil: none (ours)

	sleep func(time.Duration) // nil: exactSleep's
}

func producerCommand() *cli.Command {
	return &cli.Command{
		Name:  "producer",
		Usage: "the official producer benchmark: its options, its lines, and a histogram at the end",
		Flags: append([]cli.Flag{
			namesrvFlag(),
			&cli.StringFlag{Name: "t", Aliases: []string{"topic"}, Value: "BenchmarkTest", Usage: "`TOPIC`"},
			&cli.IntFlag{Name: "w", Aliases: []string{"threadCount"}, Value: 64, Usage: "`SENDERS` at once"},
			&cli.IntFlag{Name: "s", Aliases: []string{"messageSize"}, Value: 128, Usage: "`BYTES` of a message"},
			boolFlag("k", "keyEnable", "give each message a key:"),
			&cli.IntFlag{Name: "p", Aliases: []string{"propertySize"}, Usage: "`BYTES` of properties"},
			&cli.IntFlag{Name: "l", Aliases: []string{"tagCount"}, Usage: "`NUMBER` of different tags"},
			&cli.Int64Flag{Name: "q", Aliases: []string{"messageQuantity"}, Usage: "end after so many `MESSAGES`, 0: run until stopped"},
			boolFlag("d", "delayEnable", "delay each message:"),
			&cli.IntFlag{Name: "e", Aliases: []string{"delayLevel"}, Value: 1, Usage: "`LEVEL` of the delay"},
			boolFlag("y", "asyncEnable", "send without waiting, from one sender:"),
			boolFlag("c", "compressEnable", "compress bodies of 4096 bytes and more:"),
			&cli.IntFlag{Name: "topics", Usage: "send to so many `TOPICS`, named after -t with a number behind it, 0: to -t itself"},
			&cli.IntFlag{Name: "queues", Usage: "make each topic with so many `QUEUES` first, 0: leave that to the server"},
			&cli.IntFlag{Name: "batch", Usage: "send batches of so many `MESSAGES`, 0: one by one"},
			&cli.IntFlag{Name: "clients", Value: 1, Usage: "`NUMBER` of clients, each with connections of its own, that share the senders"},
			rateFlag(0), warmupFlag(), histogramFlag(),
			reportFlag(), secondsFlag(), headerFlag(),
		}, traceAndKeys(standardSecretKey, nil, nil)...),
		Action: workload(producerOptions, Produce),
	}
}

func producerOptions(c *cli.Context, b *bools, config client.Config) ProducerOptions {
	return ProducerOptions{Client: config,
		Topic: c.String("t"), Topics: c.Int("topics"), Queues: c.Int("queues"), Threads: c.Int("w"), MessageBytes: c.Int("s"), KeyEnable: b.get("k"), PropertyBytes: c.Int("p"),
		TagCount: c.Int("l"), Quantity: c.Int64("q"), DelayEnable: b.get("d"), DelayLevel: c.Int("e"), Async: b.get("y"),
		BatchMessages: c.Int("batch"), ReportMillis: c.Int("ri"), Seconds: c.Int("seconds"), CompressBodies: b.get("c"), Trace: b.get("m"),
		Clients: c.Int("clients"), Rate: c.Int("rate"), WarmupSeconds: c.Int("warmup"), HistogramPath: c.String("histogram"), Progress: terminal(os.Stderr),
	}
}

func (o ProducerOptions) validate() error {
	if o.Rate < 0 || o.WarmupSeconds < 0 || o.Clients < 0 {
		return fmt.Errorf("rate %d, warm-up of %d s, %d clients: none may be below 0", o.Rate, o.WarmupSeconds, o.Clients)
	}
	return nil
}

// Produce sends until the quantity is reached, the time is over or ctx ends, and
// writes the official lines to out.
func Produce(ctx context.Context, o ProducerOptions, out io.Writer) error {
	if err := o.validate(); err != nil {
		return err
	}
	if o.Async {
		o.Threads = 1
	}
	traces, err := openTracer(o.Trace, o.Client, producerGroup, traceProduces)
	if err != nil {
		return err
	}
	defer traces.end(out)
	clients, err := openClients(o.Client, max(o.Clients, 1))
	defer closeClients(clients)
	if err != nil {
		return err
	}
	if o.Queues > 0 {
		if err := makeTopics(ctx, clients[0], o.topicNames(), int32(o.Queues)); err != nil {
			return err
		}
	}
	r := newProducerRun(o, clients, traces, out)
	return errors.Join(r.run(ctx), r.stats.histogram.writePercentiles(o.HistogramPath))
}

// openClients are n clients that begin with one name server each, in turn, as stock clients do by chance.
func openClients(config client.Config, n int) (all []*client.Client, err error) {
	for i := range n {
		own, at := config, i%max(len(config.Namesrv), 1)
		own.Namesrv = slices.Concat(config.Namesrv[at:], config.Namesrv[:at])
		c, err := client.Open(own)
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
	return all, nil
}

func closeClients(all []*client.Client) {
	for _, c := range all {
		c.Close()
	}
}
