package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"gantry/remoting/protocol"
	"gantry/tools/client"
)

// ConsumerOptions are the official consumer benchmark's (4.9), and ours.
type ConsumerOptions struct {
	Client client.Config

	Topic        string
	Threads      int
	Group        string
	GroupSuffix  bool    // a suffix of the clock: a group of its own for each run
	FilterType   string  // TAG or SQL92, "": none
	Expression   string  // itself, or the path of a file that holds it
	FailRate     float64 // part of the messages that are given back
	Trace        bool    // send message traces
	ReportMillis int
	Seconds      int   // after which it ends, 0: none (ours)
	Quantity     int64 // messages after which it ends, 0: none (ours)
	FromFirst    bool  // a new group begins with the first message (ours)

	WarmupSeconds int       // at the beginning that count for nothing (ours)
	HistogramPath string    // where the histogram from born to consumed is kept as percentiles, "": nowhere (ours)
	Progress      io.Writer // gets a line that is written again and again, nil: none (ours)
}

func consumerCommand() *cli.Command {
	return &cli.Command{
		Name:  "consumer",
		Usage: "the official consumer benchmark: its options, its lines, and histograms at the end",
		Flags: append([]cli.Flag{
			namesrvFlag(),
			&cli.StringFlag{Name: "t", Aliases: []string{"topic"}, Value: "BenchmarkTest", Usage: "`TOPIC`"},
			&cli.IntFlag{Name: "w", Aliases: []string{"threadCount"}, Value: 20, Usage: "`HANDLERS` at once"},
			&cli.StringFlag{Name: "g", Aliases: []string{"group"}, Value: "benchmark_consumer", Usage: "`GROUP`"},
			boolFlag("p", "groupSuffix", "add a suffix to the group:"),
			&cli.StringFlag{Name: "f", Aliases: []string{"filterType"}, Usage: "`TYPE` of the expression: TAG or SQL92"},
			&cli.StringFlag{Name: "e", Aliases: []string{"expression"}, Usage: "`EXPRESSION`, or a file that holds it"},
			&cli.Float64Flag{Name: "r", Aliases: []string{"failRate"}, Usage: "`PART` of the messages that fail, 0 to 1"},
			&cli.Int64Flag{Name: "q", Usage: "end after so many `MESSAGES`, 0: run until stopped"},
			&cli.BoolFlag{Name: "from-first", Usage: "a new group begins with the topic's first message"},
			warmupFlag(), histogramFlag(),
			reportFlag(), secondsFlag(), headerFlag(),
		}, traceAndKeys(standardSecretKey, nil, nil)...),
		Action: workload(consumerOptions, Consume),
	}
}

func consumerOptions(c *cli.Context, b *bools, config client.Config) ConsumerOptions {
	return ConsumerOptions{Client: config,
		Topic: c.String("t"), Threads: c.Int("w"), Group: c.String("g"), GroupSuffix: b.get("p"), FilterType: c.String("f"),
		Expression: c.String("e"), FailRate: c.Float64("r"), Trace: b.get("m"), ReportMillis: c.Int("ri"), Seconds: c.Int("seconds"),
		Quantity: c.Int64("q"), FromFirst: c.Bool("from-first"),
		WarmupSeconds: c.Int("warmup"), HistogramPath: c.String("histogram"), Progress: terminal(os.Stderr),
	}
}

// consumerRun is one run of the consumer benchmark.
type consumerRun struct {
	options ConsumerOptions
	out     io.Writer
	from    time.Time // what comes before counts for nothing
	stats   consumerStats
	window  window[consumerSample]
	enough  context.CancelFunc // the quantity is reached
}

// Consume consumes until the quantity is reached, the time is over or ctx ends,
// and writes the official lines to out.
func Consume(ctx context.Context, o ConsumerOptions, out io.Writer) error {
	r := &consumerRun{options: o, out: out}
	push, err := r.pushConfig()
	if err != nil {
		return err
	}
	r.printStart(push)
	if push.Expression != "" {
		fmt.Fprintf(out, "Expression: %s\n", push.Expression)
	}
	traces, err := openTracer(o.Trace, o.Client, push.Group, traceConsumes)
	if err != nil {
		return err
	}
	defer traces.end(out)
	c, err := client.Open(o.Client)
	if err != nil {
		return err
	}
	defer c.Close()
	if o.Seconds > 0 {
		o.Seconds += o.WarmupSeconds
	}
	ctx, r.enough = forSeconds(ctx, o.Seconds)
	defer r.enough()
	warmup := time.Duration(o.WarmupSeconds) * time.Second
	r.from = time.Now().Add(warmup)
	consumer, err := c.Consume(ctx, push, traces.consumes(r.handle))
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Consumer Started.")
	pause(ctx, warmup)
	r.window.during(ctx, o.ReportMillis, r.stats.sample, r.printReport, func() { showProgress(ctx, o.Progress, r.stats.progress()) })
	consumer.Close()
	fmt.Fprintf(out, "B2C %s\nS2C %s\n", r.stats.born.String(), r.stats.stored.String())
	return r.stats.born.writePercentiles(o.HistogramPath)
}

func (r *consumerRun) pushConfig() (client.PushConfig, error) {
	o := r.options
	push := client.PushConfig{Group: o.Group, Topic: o.Topic, Threads: o.Threads}
	if o.GroupSuffix {
		push.Group += "_" + strconv.FormatInt(time.Now().UnixMilli()%100, 10)
	}
	if o.FromFirst {
		push.FromWhere = client.FromFirstOffset
	}
	if o.FilterType == "" || o.Expression == "" {
		return push, nil
	}
	if o.FilterType != protocol.ExpressionTag && o.FilterType != protocol.ExpressionSQL92 {
		return push, fmt.Errorf("filter type %q is neither TAG nor SQL92", o.FilterType)
	}
	push.ExpressionType, push.Expression = o.FilterType, o.Expression
	if text, err := os.ReadFile(o.Expression); err == nil {
		push.Expression = string(text)
	}
	return push, nil
}

var errFailed = errors.New("failed on purpose")

func (r *consumerRun) handle(_ context.Context, m *client.Received) error {
	now := time.Now()
	if now.Before(r.from) {
		return nil
	}
	if n := r.stats.received(now.Sub(time.UnixMilli(m.BornTimestamp)), now.Sub(time.UnixMilli(m.StoreTimestamp))); n == r.options.Quantity {
		r.enough()
	}
	if r.options.FailRate > 0 && rand.Float64() < r.options.FailRate {
		r.stats.failed.Add(1)
		return errFailed
	}
	return nil
}

func (r *consumerRun) printStart(push client.PushConfig) {
	o := r.options
	fmt.Fprintf(r.out, "topic: %s, threadCount %d, group: %s, suffix: %t, filterType: %s, expression: %s, msgTraceEnable: %t, aclEnable: %t\n",
		o.Topic, o.Threads, push.Group, o.GroupSuffix, orNull(o.FilterType), orNull(o.Expression), o.Trace, o.Client.Sign != nil)
}

// orNull is how Java prints what was not given.
func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return s
}

func (r *consumerRun) printReport(first, last consumerSample) {
	tps, born, stored := last.since(first)
	fmt.Fprintf(r.out, "Current Time: %d TPS: %d FAIL: %d AVG(B2C) RT(ms): %7.3f AVG(S2C) RT(ms): %7.3f MAX(B2C) RT(ms): %d MAX(S2C) RT(ms): %d\n",
		time.Now().UnixMilli(), tps, last.failed-first.failed, born, stored,
		r.stats.bornMax.Swap(0)/microsPerMilli, r.stats.storedMax.Swap(0)/microsPerMilli)
}
