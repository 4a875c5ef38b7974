package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/storenode"
	"gantry/tools/client"
)

func TestABatchProducerRunPrintsTheOfficialLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := BatchProducerOptions{Client: startCluster(t, nil), Topic: "T", Threads: 2, MessageBytes: 20, BatchMessages: 3,
			KeyEnable: true, TagCount: 2, PropertyBytes: 30, ReportMillis: 1500, Seconds: 2}
		var out output
		if err := ProduceBatches(context.Background(), o, &out); err != nil {
			t.Fatal(err)
		}
		wantLines(t, out.lines(),
			"topic: T threadCount: 2 messageSize: 20 batchSize: 3 keyEnable: true propertySize: 30 tagCount: 2 traceEnable: false aclEnable: false",
			`Current Time: \d{12,} Send TPS: \d{3,} Send MPS: \d{3,} Max RT\(ms\): \d+ Average RT\(ms\):   \d\.\d{3} Average Message RT\(ms\):   \d\.\d{3} Send Failed: 0 Send Message Failed: 0`,
			latencyPattern)
		all := stored(t, o.Client, "T")
		if len(all) < 300 || len(all)%3 != 0 {
			t.Errorf("%d messages are stored", len(all))
		}
		tags := map[string]int{}
		for _, m := range all {
			tags[string(m.Properties.Get(message.PropertyTags))]++
			if len(m.Body) != 20 || !m.Properties.Has(message.PropertyKeys) || !m.Properties.Has("prop0") {
				t.Fatalf("stored is %q %q", m.Body, m.Properties)
			}
		}
		if len(tags) != 2 || tags["tag0"] == 0 || tags["tag1"] == 0 {
			t.Errorf("tags %v", tags)
		}
	})
}

// Every message says itself whether it was to be committed, by its sender or by
// the answer to a check.
func TestATransactionProducerRunLeavesWhatWasCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := startCluster(t, func(c *storenode.Config) { c.TransactionTimeOutMillis, c.TransactionCheckIntervalMillis = 1000, 1000 })
		o := TransactionProducerOptions{Client: config, Topic: "T", Threads: 2, MessageBytes: 100, PauseMillis: 50, BatchID: 7,
			Send: outcomeRates{rollback: 0.2, unknown: 0.5}, Check: outcomeRates{rollback: 0.2, unknown: 0.4}, ReportMillis: 10_000, Seconds: 25}
		var out output
		if err := ProduceTransactions(context.Background(), o, &out); err != nil {
			t.Fatal(err)
		}
		line := `Current Time: \d{12,} Send TPS:   \d\d Max RT\(ms\): {4}\d AVG RT\(ms\):\d\.\d Send Failed: 0 check: [1-9]\d+ unexpectedCheck: 0 duplicatedCheck: 0 `
		wantLines(t, out.lines(), line, line, latencyPattern)
		committed := map[bool]int{}
		for _, m := range stored(t, config, "T") {
			p, ok := readPlan(m.Body)
			if !ok || p.batch != 7 || len(m.Body) != 100 || !p.commits() {
				t.Fatalf("seen is %+v", p)
			}
			committed[p.sent == client.CommitMessage]++
		}
		if committed[true] < 100 || committed[false] < 50 {
			t.Errorf("seen are %d that the sender committed, and %d that a check did", committed[true], committed[false])
		}
	})
}

// commits says how the transaction ends if it is asked about often enough.
func (p plan) commits() bool {
	for _, state := range append([]client.TransactionState{p.sent}, p.checks[:]...) {
		if state != client.UnknownState {
			return state == client.CommitMessage
		}
	}
	return false
}

func TestTimersComeWhenTheyAreDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := startCluster(t, nil)
		produced := TimerProducerOptions{Client: config, Namesrv: "ns:9876", Topic: "T", Threads: 2, MessageBytes: 10, PrecisionMillis: 1000,
			Slots: 4, SlotMessages: 200, SlotMillis: 500, ReportMillis: 1000}
		var out output
		if err := ProduceTimers(context.Background(), produced, &out); err != nil {
			t.Fatal(err)
		}
		lines := out.lines()
		wantLines(t, lines[:3],
			"namesrvAddr: ns:9876, topic: T, threadCount: 2, messageSize: 10, precisionMs: 1000, slotsTotal: 4, msgsTotalPerSlotThread: 200, slotDis: 500",
			"Start sending messages",
			`Send TPS: \d{3,}, Max RT: \d+, Average RT:   \d\.\d{3}, Send Failed: 0, Response Failed: 0`)
		wantLines(t, lines[len(lines)-1:], latencyPattern)

		consumed := TimerConsumerOptions{Client: config, Namesrv: "ns:9876", Topic: "T", ReportMillis: 10_000, Seconds: 180, FromFirst: true}
		out = output{}
		if err := ConsumeTimers(context.Background(), consumed, &out); err != nil {
			t.Fatal(err)
		}
		lines = out.lines()
		wantLines(t, lines[:3], "namesrvAddr: ns:9876, topic: T", "Start receiving messages", `Consume TPS: 0, Avg delayedDuration:   0\.000, Max delayedDuration: 0, `)
		with := regexp.MustCompile(`^Consume TPS: (\d+), Avg delayedDuration: +(\d+\.\d{3}), Max delayedDuration: (\d+), delayDuration %25: \d+, %50: \d+; %80: \d+; %90: \d+; %99: \d+; %99\.9: (\d+)$`)
		found := 0
		for _, l := range lines[3 : len(lines)-1] {
			if m := with.FindStringSubmatch(l); m != nil && m[1] != "0" {
				found++
				if late, err := strconv.Atoi(m[3]); err != nil || late > 1000 {
					t.Errorf("a message is late in %q", l)
				}
			}
		}
		if found == 0 {
			t.Errorf("nothing came:\n%s", strings.Join(lines, "\n"))
		}
		if n := len(stored(t, config, "T")); n != 1600 {
			t.Errorf("%d messages came, want 1600", n)
		}
	})
}

func TestAConsumerFiltersByTheExpressionInAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := startCluster(t, func(c *storenode.Config) { c.EnablePropertyFilter = true })
		p := ProducerOptions{Client: config, Topic: "T", Threads: 1, MessageBytes: 10, TagCount: 4, Quantity: 400, ReportMillis: 10_000}
		if err := Produce(context.Background(), p, new(output)); err != nil {
			t.Fatal(err)
		}
		want := map[string]int{}
		for _, m := range stored(t, config, "T") {
			want[string(m.Properties.Get(message.PropertyTags))]++
		}
		for filter, expression := range map[string]string{"SQL92": "TAGS = 'tag1' OR TAGS = 'tag2'", "TAG": "tag1 || tag2"} {
			file := filepath.Join(t.TempDir(), "expression")
			if err := os.WriteFile(file, []byte(expression), 0o666); err != nil {
				t.Fatal(err)
			}
			fit := want["tag1"] + want["tag2"]
			o := ConsumerOptions{Client: config, Topic: "T", Threads: 2, Group: "group" + filter, GroupSuffix: true, FilterType: filter, Expression: file,
				FromFirst: true, Quantity: int64(fit), Seconds: 60, ReportMillis: 10_000}
			var out output
			if took := consumeTime(t, o, &out); fit == 0 || fit == 400 || took >= 30*time.Second {
				t.Errorf("%s: %d of 400 messages fit, and in %v not all came", filter, fit, took)
			}
			wantLines(t, out.lines()[:3],
				fmt.Sprintf(`topic: T, threadCount 2, group: group%s_\d{1,2}, suffix: true, filterType: %s, expression: %s, msgTraceEnable: false, aclEnable: false`, filter, filter, file),
				"Expression: "+regexp.QuoteMeta(expression), "Consumer Started.")
			o.Group, o.Quantity = "other"+filter, o.Quantity+1
			if took := consumeTime(t, o, new(output)); took < time.Minute {
				t.Errorf("%s: more than the %d messages that fit came", filter, fit)
			}
		}
	})
}

func consumeTime(t *testing.T, o ConsumerOptions, out *output) time.Duration {
	t.Helper()
	begin := time.Now()
	if err := Consume(context.Background(), o, out); err != nil {
		t.Fatal(err)
	}
	return time.Since(begin)
}
