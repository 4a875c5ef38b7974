package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v2"

	"gantry/remoting/protocol"
	"gantry/tools/client"
)

// TransactionProducerOptions are the official transaction producer benchmark's
// (4.9), and ours.
type TransactionProducerOptions struct {
	Client client.Config

	Topic        string
	Threads      int // senders at once
	MessageBytes int
	Send, Check  outcomeRates
	BatchID      int64 // of this run's messages: it rolls back all others that it is asked about
	PauseMillis  int   // of a sender after each message
	Trace        bool  // send message traces
	ReportMillis int
	Seconds      int // after which it ends, 0: none (ours)
}

// outcomeRates are the parts, 0 to 1, of transactions that are rolled back, and
// of the rest that are left unknown.
type outcomeRates struct{ rollback, unknown float64 }

// What the official transaction producer has of its own.
const (
	transactionProducerGroup = "benchmark_transaction_producer"
	transactionTopicQueues   = 1000 // of a topic that it creates
)

func transactionProducerCommand() *cli.Command {
	rate := func(name, usage string) cli.Flag {
		return &cli.Float64Flag{Name: name, Usage: "`PART` of the " + usage + ", 0 to 1"}
	}
	return &cli.Command{
		Name:  "tproducer",
		Usage: "the official transaction producer benchmark: its options, its lines, and a histogram at the end",
		Flags: append([]cli.Flag{
			namesrvFlag(),
			&cli.StringFlag{Name: "t", Aliases: []string{"topic"}, Value: "BenchmarkTest", Usage: "`TOPIC`"},
			&cli.IntFlag{Name: "w", Aliases: []string{"threadCount"}, Value: 32, Usage: "`SENDERS` at once"},
			&cli.IntFlag{Name: "s", Aliases: []string{"messageSize"}, Value: 2048, Usage: "`BYTES` of a message"},
			rate("sr", "transactions that are rolled back when sent"), rate("su", "others that are left unknown when sent"),
			rate("cr", "checks that are answered with a rollback"), rate("cu", "others that are answered unknown"),
			&cli.Int64Flag{Name: "b", DefaultText: "the clock's ms", Usage: "`ID` of this run's messages"},
			&cli.IntFlag{Name: "i", Usage: "`MS` that a sender rests after each message"},
			reportFlag(), secondsFlag(), headerFlag(),
		}, traceAndKeys(standardSecretKey, nil, nil)...),
		Action: workload(transactionProducerOptions, ProduceTransactions),
	}
}

func transactionProducerOptions(c *cli.Context, b *bools, config client.Config) TransactionProducerOptions {
	o := TransactionProducerOptions{Client: config,
		Topic: c.String("t"), Threads: c.Int("w"), MessageBytes: c.Int("s"), BatchID: c.Int64("b"), PauseMillis: c.Int("i"),
		Send: outcomeRates{c.Float64("sr"), c.Float64("su")}, Check: outcomeRates{c.Float64("cr"), c.Float64("cu")},
		Trace: b.get("m"), ReportMillis: c.Int("ri"), Seconds: c.Int("seconds"),
	}
	if !c.IsSet("b") {
		o.BatchID = time.Now().UnixMilli()
	}
	return o
}

// transactionRun is one run of the transaction producer benchmark.
type transactionRun struct {
	options  TransactionProducerOptions
	producer *client.TransactionProducer
	client   *client.Client
	traces   *tracer
	out      io.Writer // written to from several goroutines
	start    int64     // ms
	sent     atomic.Int64
	stats    transactionStats
	window   window[transactionSample]
}

// ProduceTransactions sends transactional messages, ends them and answers the
// brokers' checks until the time is over or ctx ends, and writes the official
// lines to out, from several goroutines.
func ProduceTransactions(ctx context.Context, o TransactionProducerOptions, out io.Writer) error {
	if o.MessageBytes < planBytes {
		return fmt.Errorf("messages of %d bytes: the outcomes that each carries take %d", o.MessageBytes, planBytes)
	}
	traces, err := openTracer(o.Trace, o.Client, transactionProducerGroup, traceProduces)
	if err != nil {
		return err
	}
	defer traces.end(out)
	c, err := client.Open(o.Client)
	if err != nil {
		return err
	}
	defer c.Close()
	r := &transactionRun{options: o, client: c, traces: traces, out: out, start: time.Now().UnixMilli()}
	checks := newCheckLog(o.BatchID, &r.stats, out)
	r.producer = c.TransactionProducer(client.ProducerConfig{Group: transactionProducerGroup, DefaultTopicQueueNums: transactionTopicQueues, Sent: traces.sends()}, r.answers(checks))
	ctx, cancel := forSeconds(ctx, o.Seconds)
	defer cancel()
	r.window.during(ctx, o.ReportMillis, r.stats.sample, r.printReport, func() {
		inParallel(o.Threads, func(random *rand.Rand) { r.sendLoop(ctx, random) })
	})
	fmt.Fprintln(out, r.stats.histogram.String())
	return nil
}

func (r *transactionRun) sendLoop(ctx context.Context, random *rand.Rand) {
	for ctx.Err() == nil {
		plan := r.options.plan(r.start<<32|r.sent.Add(1), random)
		m := &client.Message{Topic: r.options.Topic, Body: plan.body(r.options.MessageBytes, random)}
		begin := time.Now()
		result, state, err := r.producer.Send(ctx, m, func(*client.Message) client.TransactionState { return plan.sent })
		r.stats.ended(ctx, begin, err == nil && result.Status == protocol.Success)
		if err != nil {
			pause(ctx, noAnswerPause)
		} else {
			r.traces.ended(m.Topic, result.MsgID, r.broker(ctx, result.Queue), nil, state, false)
		}
		if r.options.PauseMillis > 0 {
			pause(ctx, time.Duration(r.options.PauseMillis)*time.Millisecond)
		}
	}
}

// answers are those of a log, traced.
func (r *transactionRun) answers(log *checkLog) func(*client.Received) client.TransactionState {
	return func(m *client.Received) client.TransactionState {
		state := log.answer(m)
		r.traces.ended(m.Topic, m.MsgID(), r.broker(context.Background(), m.Queue), m.Properties, state, true)
		return state
	}
}

// broker is where a queue's shard is, for traces.
func (r *transactionRun) broker(ctx context.Context, of protocol.MessageQueue) string {
	if r.traces == nil {
		return ""
	}
	route, err := r.client.Route(ctx, r.options.Topic)
	if err != nil {
		return ""
	}
	for i := range route.Publish {
		if t := &route.Publish[i]; t.BrokerName == of.BrokerName {
			return t.Addr(0)
		}
	}
	return ""
}

func (r *transactionRun) printReport(first, last transactionSample) {
	tps, mean := last.since(first)
	fmt.Fprintf(r.out, "Current Time: %d Send TPS:%5d Max RT(ms):%5d AVG RT(ms):%3.1f Send Failed: %d check: %d unexpectedCheck: %d duplicatedCheck: %d \n",
		time.Now().UnixMilli(), tps, r.stats.max.Swap(0)/microsPerMilli, mean, last.failed-first.failed,
		last.checks-first.checks, last.unexpected-first.unexpected, last.duplicated-first.duplicated)
}
