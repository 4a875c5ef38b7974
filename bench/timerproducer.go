package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"gantry/remoting/message"
	"gantry/tools/client"
)

// TimerProducerOptions are the official timer producer benchmark's (5.x), and ours.
type TimerProducerOptions struct {
	Client  client.Config
	Namesrv string // as it was given

	Topic           string
	Threads         int // senders, each of which sends all of the slots
	MessageBytes    int
	PrecisionMillis int // of the first slot's time
	Slots           int // moments at which messages are due
	SlotMessages    int // of each slot and sender
	SlotMillis      int // between two slots
	ReportMillis    int
	Seconds         int // after which it ends, 0: when all are sent (ours)
}

// What the official timer benchmark has of its own.
const (
	timerNamesrv = "localhost:9876"
	timerLead    = 2*time.Minute + 10*time.Millisecond // from now to the first slot
	// propertyDue is where a message says when it is due, in ms, to its consumer.
	propertyDue = "MY_RECORD_TIMER_DELIVER_MS"
)

func timerProducerCommand() *cli.Command {
	return &cli.Command{
		Name:  "timerproducer",
		Usage: "the official timer producer benchmark (5.x): its options, its lines, and a histogram at the end; ends when all are sent",
		Flags: append([]cli.Flag{
			namesrvFlagOf(timerNamesrv),
			&cli.StringFlag{Name: "t", Aliases: []string{"topic"}, Value: "BenchmarkTest", Usage: "`TOPIC`"},
			&cli.IntFlag{Name: "tc", Aliases: []string{"threadCount"}, Value: 16, Usage: "`SENDERS` at once"},
			&cli.IntFlag{Name: "ms", Aliases: []string{"messageSize"}, Value: 1024, Usage: "`BYTES` of a message"},
			&cli.IntFlag{Name: "p", Aliases: []string{"precisionMs"}, Value: 1000, Usage: "`MS` of which the first message's time is a multiple, 2 minutes and 10 ms aside"},
			&cli.IntFlag{Name: "st", Aliases: []string{"slotsTotal"}, Value: 100, Usage: "`NUMBER` of slots, moments at which messages are due"},
			&cli.IntFlag{Name: "mt", Aliases: []string{"msgsTotalPerSlotThread"}, Value: 5000, Usage: "`MESSAGES` of each slot and sender"},
			&cli.IntFlag{Name: "sd", Aliases: []string{"slotDis"}, Value: 1000, Usage: "`MS` between slots"},
			reportFlag(), secondsFlag(), headerFlag(),
		}, traceAndKeys(standardSecretKey, nil, nil)...),
		Action: workload(timerProducerOptions, ProduceTimers),
	}
}

func timerProducerOptions(c *cli.Context, b *bools, config client.Config) TimerProducerOptions {
	b.noTrace()
	return TimerProducerOptions{Client: config, Namesrv: c.String("n"),
		Topic: c.String("t"), Threads: c.Int("tc"), MessageBytes: c.Int("ms"), PrecisionMillis: c.Int("p"), Slots: c.Int("st"),
		SlotMessages: c.Int("mt"), SlotMillis: c.Int("sd"), ReportMillis: c.Int("ri"), Seconds: c.Int("seconds"),
	}
}

// timerRun is one run of the timer producer benchmark.
type timerRun struct {
	options  TimerProducerOptions
	producer *client.Producer
	out      io.Writer
	body     []byte
	due      []int64 // of each message of a sender, ms
	stats    producerStats
	window   window[producerSample]
}

// ProduceTimers sends messages that are due from two minutes later on until all
// are sent, the time is over or ctx ends, and writes the official lines to out.
func ProduceTimers(ctx context.Context, o TimerProducerOptions, out io.Writer) error {
	if o.PrecisionMillis <= 0 || o.Slots <= 0 || o.SlotMessages <= 0 {
		return fmt.Errorf("a precision of %d ms, %d slots, %d messages of each: none may be 0 or less", o.PrecisionMillis, o.Slots, o.SlotMessages)
	}
	fmt.Fprintf(out, "namesrvAddr: %s, topic: %s, threadCount: %d, messageSize: %d, precisionMs: %d, slotsTotal: %d, msgsTotalPerSlotThread: %d, slotDis: %d\n",
		o.Namesrv, o.Topic, o.Threads, o.MessageBytes, o.PrecisionMillis, o.Slots, o.SlotMessages, o.SlotMillis)
	c, err := client.Open(o.Client)
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Fprintln(out, "Start sending messages")
	r := &timerRun{options: o, out: out, due: o.due(time.Now()), body: bytes.Repeat([]byte{'a'}, o.MessageBytes),
		producer: c.Producer(client.ProducerConfig{Group: producerGroup, CompressOverBytes: -1})}
	ctx, cancel := forSeconds(ctx, o.Seconds)
	defer cancel()
	r.window.during(ctx, o.ReportMillis, r.stats.sample, r.printReport, func() {
		inParallel(o.Threads, func(*rand.Rand) { r.sendAll(ctx) })
	})
	fmt.Fprintln(out, r.stats.histogram.String())
	return nil
}

// due are the times of all messages of one sender, in a random order that all
// senders share.
func (o TimerProducerOptions) due(now time.Time) []int64 {
	precision := int64(o.PrecisionMillis)
	first := now.UnixMilli()/precision*precision + timerLead.Milliseconds()
	all := make([]int64, o.Slots*o.SlotMessages)
	for i := range all {
		all[i] = first + int64(i/o.SlotMessages)*int64(o.SlotMillis)
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func (r *timerRun) sendAll(ctx context.Context) {
	for _, due := range r.due {
		if ctx.Err() != nil {
			return
		}
		begin, at := time.Now(), strconv.FormatInt(due, 10)
		_, err := r.producer.Send(ctx, &client.Message{Topic: r.options.Topic, Body: r.body,
			Properties: map[string]string{propertyDue: at, message.PropertyTimerDeliverMs: at}})
		r.stats.ended(ctx, begin, 1, err)
		if err != nil {
			pauseAfter(ctx, err)
		}
	}
}

func (r *timerRun) printReport(first, last producerSample) {
	tps, mean := last.since(first)
	fmt.Fprintf(r.out, "Send TPS: %d, Max RT: %d, Average RT: %7.3f, Send Failed: %d, Response Failed: %d\n",
		tps, r.stats.histogram.Max().Milliseconds(), mean, last.failed, last.refused)
}
