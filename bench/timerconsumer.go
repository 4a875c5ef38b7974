package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"gantry/tools/client"
)

// TimerConsumerOptions are the official timer consumer benchmark's (5.x), and ours.
type TimerConsumerOptions struct {
	Client  client.Config
	Namesrv string // as it was given

	Topic        string
	ReportMillis int
	Seconds      int   // after which it ends, 0: none (ours)
	Quantity     int64 // messages after which it ends, 0: none (ours)
	FromFirst    bool  // a new group begins with the first message (ours)
}

const timerConsumerGroup = "benchmark_consumer"

func timerConsumerCommand() *cli.Command {
	return &cli.Command{
		Name:  "timerconsumer",
		Usage: "the official timer consumer benchmark (5.x): how late what timerproducer sent comes",
		Flags: append([]cli.Flag{
			namesrvFlagOf(timerNamesrv),
			&cli.StringFlag{Name: "t", Aliases: []string{"topic"}, Value: "BenchmarkTest", Usage: "`TOPIC`"},
			&cli.Int64Flag{Name: "q", Usage: "end after so many `MESSAGES`, 0: run until stopped"},
			&cli.BoolFlag{Name: "from-first", Usage: "a new group begins with the topic's first message"},
			reportFlag(), secondsFlag(), headerFlag(),
		}, traceAndKeys(standardSecretKey, nil, nil)...),
		Action: workload(timerConsumerOptions, ConsumeTimers),
	}
}

func timerConsumerOptions(c *cli.Context, b *bools, config client.Config) TimerConsumerOptions {
	b.noTrace()
	return TimerConsumerOptions{Client: config, Namesrv: c.String("n"), Topic: c.String("t"),
		ReportMillis: c.Int("ri"), Seconds: c.Int("seconds"), Quantity: c.Int64("q"), FromFirst: c.Bool("from-first")}
}

// timerConsumerRun is one run of the timer consumer benchmark.
type timerConsumerRun struct {
	options TimerConsumerOptions
	out     io.Writer
	stats   latenessStats
	window  window[latenessSample]
	enough  context.CancelFunc // the quantity is reached
}

// ConsumeTimers consumes until the quantity is reached, the time is over or ctx
// ends, and writes the official lines to out.
func ConsumeTimers(ctx context.Context, o TimerConsumerOptions, out io.Writer) error {
	fmt.Fprintf(out, "namesrvAddr: %s, topic: %s\n", o.Namesrv, o.Topic)
	c, err := client.Open(o.Client)
	if err != nil {
		return err
	}
	defer c.Close()
	r := &timerConsumerRun{options: o, out: out}
	ctx, r.enough = forSeconds(ctx, o.Seconds)
	defer r.enough()
	push := client.PushConfig{Group: timerConsumerGroup, Topic: o.Topic}
	if o.FromFirst {
		push.FromWhere = client.FromFirstOffset
	}
	consumer, err := c.Consume(ctx, push, r.handle)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Start receiving messages")
	r.window.run(ctx, o.ReportMillis, r.stats.sample, r.printReport)
	consumer.Close()
	fmt.Fprintf(out, "Late %s\n", r.stats.late.String())
	return nil
}

// errNoTime is about messages that timerproducer has not sent; they come again.
var errNoTime = errors.New("the message does not say when it was due")

func (r *timerConsumerRun) handle(_ context.Context, m *client.Received) error {
	due, err := strconv.ParseInt(string(m.Properties.Get(propertyDue)), 10, 64)
	if err != nil {
		return errNoTime
	}
	if r.stats.received(time.Since(time.UnixMilli(due))) == r.options.Quantity {
		r.enough()
	}
	return nil
}

// printReport writes the official line, whose quantiles and maximum are those of
// the whole run.
func (r *timerConsumerRun) printReport(first, last latenessSample) {
	tps, mean := last.since(first)
	line := fmt.Sprintf("Consume TPS: %d, Avg delayedDuration: %7.3f, Max delayedDuration: %d, ", tps, mean, r.stats.quantile(1))
	if last.count > 0 {
		line += fmt.Sprintf("delayDuration %%25: %d, %%50: %d; %%80: %d; %%90: %d; %%99: %d; %%99.9: %d", r.stats.quantile(0.25),
			r.stats.quantile(0.5), r.stats.quantile(0.8), r.stats.quantile(0.9), r.stats.quantile(0.99), r.stats.quantile(0.999))
	}
	fmt.Fprintln(r.out, line)
}
