package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/urfave/cli/v2"

	"gantry/tools/client"
)

// LatencyOptions say what is sent and for how long.
type LatencyOptions struct {
	Client        client.Config
	Topic         string
	Group         string
	Rate          int // messages a second
	MessageBytes  int // 24 at least: they carry when they were due
	Senders       int // at once
	Handlers      int // at once
	WarmupSeconds int // that count for nothing
	Seconds       int // 0: until stopped
	ReportMillis  int
	HistogramPath string    // of the time from a send to its arrival, "": it is not kept
	Progress      io.Writer // nil: none

	sleep func(time.Duration)
}

func latencyCommand() *cli.Command {
	return &cli.Command{
		Name:  "latency",
		Usage: "end-to-end latency: a push consumer and a producer at a fixed rate in one process, from when a send is due to its arrival",
		Flags: []cli.Flag{
			namesrvFlag(),
			&cli.StringFlag{Name: "t", Aliases: []string{"topic"}, Value: "BenchmarkLatency", Usage: "`TOPIC`, to which nobody else sends; the real proxy 5.3.3 takes only one that is there"},
			&cli.StringFlag{Name: "g", Aliases: []string{"group"}, Value: "benchmark_latency", Usage: "`GROUP` of the consumer"},
			rateFlag(1000), warmupFlag(), histogramFlag(),
			&cli.IntFlag{Name: "s", Aliases: []string{"messageSize"}, Value: 128, Usage: "`BYTES` of a message"},
			&cli.IntFlag{Name: "w", Aliases: []string{"threadCount"}, Value: 64, Usage: "`SENDERS` at once"},
			&cli.IntFlag{Name: "handlers", Value: 20, Usage: "`HANDLERS` of the consumer at once"},
			reportFlag(), secondsFlag(), headerFlag(),
		},
		Action: untilStopped(func(ctx context.Context, c *cli.Context) error {
			defer debug.SetGCPercent(debug.SetGCPercent(loadGCPercent))
			config, err := clientConfig(c)
			if err != nil {
				return err
			}
			return MeasureLatency(ctx, LatencyOptions{Client: config, Topic: c.String("t"), Group: c.String("g"), Rate: c.Int("rate"),
				MessageBytes: c.Int("s"), Senders: c.Int("w"), Handlers: c.Int("handlers"), WarmupSeconds: c.Int("warmup"), Seconds: c.Int("seconds"),
				ReportMillis: c.Int("ri"), HistogramPath: c.String("histogram"), Progress: terminal(os.Stderr)}, c.App.Writer)
		}),
	}
}

func (o LatencyOptions) validate() error {
	if o.Rate <= 0 || o.Senders <= 0 || o.WarmupSeconds < 0 {
		return fmt.Errorf("rate %d, %d senders, warm-up of %d s: the first two must be above 0, the last may not be below", o.Rate, o.Senders, o.WarmupSeconds)
	}
	if o.MessageBytes < stampBytes {
		return fmt.Errorf("messages of %d bytes cannot carry when they were due: %d at least", o.MessageBytes, stampBytes)
	}
	return nil
}

// MeasureLatency sends at the rate and consumes what it sends until the time is over or ctx ends; two histograms at the end, of the
// sends and of the way from when a send was due to its handler.
func MeasureLatency(ctx context.Context, o LatencyOptions, out io.Writer) error {
	if err := o.validate(); err != nil {
		return err
	}
	clients, err := openClients(o.Client, 2) // a held pull and a send share no connection
	defer closeClients(clients)
	if err != nil {
		return err
	}
	r := &latencyRun{options: o, out: out, producer: clients[0].Producer(client.ProducerConfig{Group: producerGroup, CompressOverBytes: -1})}
	if err := r.findTopic(ctx, clients[0]); err != nil {
		return err
	}
	r.measured.Store(newLatencyPhase())
	consumer, err := clients[1].Consume(ctx, client.PushConfig{Group: o.Group, Topic: o.Topic, Threads: o.Handlers}, r.handle)
	if err != nil {
		return err
	}
	r.run(ctx)
	consumer.Close()
	return r.measured.Load().arrivals.histogram.writePercentiles(o.HistogramPath)
}
