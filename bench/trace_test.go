package bench

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/memnet"
	"gantry/remoting/message"
	"gantry/storenode"
	"gantry/tools/client"
)

// traceFields is a context as it travels, with the message of traces that it came in.
type traceFields struct {
	fields []string
	in     *client.Received
}

// readTraces are the contexts of a kind that are stored; each must be found by its message's id.
func readTraces(t *testing.T, all []*client.Received, kind string, id int) (found []traceFields) {
	t.Helper()
	for _, m := range all {
		keys := strings.Fields(string(m.Properties.Get(message.PropertyKeys)))
		for context := range strings.SplitSeq(strings.TrimSuffix(string(m.Body), "\x02"), "\x02") {
			f := strings.Split(context, "\x01")
			if f[0] != kind {
				continue
			}
			if !slices.Contains(keys, f[id]) {
				t.Errorf("%q is not found by its id: keys %q", f, keys)
			}
			found = append(found, traceFields{f, m})
		}
	}
	return found
}

func tracingCluster(t *testing.T) client.Config {
	return startCluster(t, func(c *storenode.Config) {
		c.TransactionTimeOutMillis, c.TransactionCheckIntervalMillis = 1000, 1000
	})
}

// byID are stored messages by their unique ids.
func byID(all []*client.Received) map[string]*client.Received {
	ids := map[string]*client.Received{}
	for _, m := range all {
		ids[m.MsgID()] = m
	}
	return ids
}

func wantFields(t *testing.T, got []string, want ...string) {
	t.Helper()
	for i, w := range want {
		if i >= len(got) || w != "*" && got[i] != w {
			t.Errorf("field %d of %q, want %q", i, got, want)
			return
		}
	}
	if len(got) != len(want) {
		t.Errorf("%q has %d fields, want %d", got, len(got), len(want))
	}
}

func millisNear(t *testing.T, text string, near int64) {
	t.Helper()
	if at, err := strconv.ParseInt(text, 10, 64); err != nil || at < near-10 || at > near+10 {
		t.Errorf("%q is not about %d ms", text, near)
	}
}

func TestEverySendIsTraced(t *testing.T) {
	for name, async := range map[string]bool{"one by one": false, "asynchronous": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := tracingCluster(t)
				o := ProducerOptions{Client: config, Topic: "T", Threads: 4, MessageBytes: 5000, KeyEnable: true, TagCount: 3, CompressBodies: true, Quantity: 100, ReportMillis: 10_000, Async: async, Trace: true}
				var out output
				if err := Produce(context.Background(), o, &out); err != nil {
					t.Fatal(err)
				}
				lines := out.lines()
				if !strings.Contains(lines[0], "traceEnable: true") || lines[len(lines)-1] != "Traces: 100 sent, 0 dropped, 0 failed" {
					t.Errorf("it says\n%s", strings.Join(lines, "\n"))
				}
				sent, traces := byID(stored(t, config, "T")), readTraces(t, stored(t, config, traceTopic), "Pub", 5)
				if len(sent) != 100 || len(traces) != 100 {
					t.Fatalf("%d messages, %d traces", len(sent), len(traces))
				}
				for _, trace := range traces {
					m := sent[trace.fields[5]]
					if m == nil {
						t.Fatalf("a trace of no message: %q", trace.fields)
					}
					tags, keys := tagsAndKeys(m.Properties)
					if !slices.Contains(strings.Fields(string(trace.in.Properties.Get(message.PropertyKeys))), keys) {
						t.Errorf("%q is not found by its key", trace.fields)
					}
					wantFields(t, trace.fields, "Pub", "*", "DefaultRegion", "benchmark_producer", "T", m.MsgID(), tags, keys, nodeAddr, "*", "*", "0",
						message.OffsetID(m.StoreHost, m.PhysicalOffset), "true")
					if size, err := strconv.Atoi(trace.fields[9]); err != nil || size == 5000 || size < 3000 || size > 5100 {
						t.Fatalf("%s bytes are said to have travelled of a body of 5000 that was compressed", trace.fields[9])
					}
					millisNear(t, trace.fields[1], m.BornTimestamp)
				}
			})
		})
	}
}

func TestABatchIsOneTraceOfAllItsMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := tracingCluster(t)
		o := BatchProducerOptions{Client: config, Topic: "T", Threads: 1, MessageBytes: 20, BatchMessages: 3, KeyEnable: true, TagCount: 2, ReportMillis: 10_000, Seconds: 1, Trace: true}
		if err := ProduceBatches(context.Background(), o, new(output)); err != nil {
			t.Fatal(err)
		}
		sent, traces := byID(stored(t, config, "T")), readTraces(t, stored(t, config, traceTopic), "Pub", 5)
		if len(traces) == 0 || len(sent)-3*len(traces) > 3 { // the last may have been cut off
			t.Fatalf("%d messages, %d traces", len(sent), len(traces))
		}
		for _, trace := range traces {
			wantFields(t, trace.fields, "Pub", "*", "DefaultRegion", "benchmark_batch_producer", "T", "*", "null", "null", nodeAddr, "*", "*", "0", "*", "true")
			ids, offsets := strings.Split(trace.fields[5], ","), strings.Split(trace.fields[12], ",")
			if len(ids) != 3 || len(offsets) != 3 {
				t.Fatalf("ids %q, places %q", ids, offsets)
			}
			for i, id := range ids {
				if m := sent[id]; m == nil || message.OffsetID(m.StoreHost, m.PhysicalOffset) != offsets[i] {
					t.Errorf("%s is not at %s", id, offsets[i])
				}
			}
		}
	})
}

func TestATransactionIsTracedToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := tracingCluster(t)
		o := TransactionProducerOptions{Client: config, Topic: "T", Threads: 1, MessageBytes: 100, PauseMillis: 100, BatchID: 7,
			Send: outcomeRates{unknown: 0.5}, ReportMillis: 10_000, Seconds: 10, Trace: true}
		if err := ProduceTransactions(context.Background(), o, new(output)); err != nil {
			t.Fatal(err)
		}
		all := stored(t, config, traceTopic)
		halves, ends := readTraces(t, all, "Pub", 5), map[string][]string{}
		for _, end := range readTraces(t, all, "EndTransaction", 5) {
			f := end.fields
			wantFields(t, f, "EndTransaction", "*", "DefaultRegion", "benchmark_transaction_producer", "T", "*", "null", "null", nodeAddr, "2", f[5], "*", "*")
			ends[f[5]] = append(ends[f[5]], f[11]+" "+f[12])
		}
		committed := map[string]int{}
		for _, half := range halves {
			wantFields(t, half.fields, "Pub", "*", "DefaultRegion", "benchmark_transaction_producer", "T", "*", "null", "null", nodeAddr, "100", "*", "1", "*", "true")
			ended := ends[half.fields[5]] // over several queues
			slices.Sort(ended)
			committed[strings.Join(ended, ", ")]++
		}
		if committed["COMMIT_MESSAGE false"] < 20 || committed["COMMIT_MESSAGE true, UNKNOW false"] < 20 {
			t.Errorf("%d transactions ended as %v", len(halves), committed)
		}
	})
}

func TestEachConsumptionIsTracedBeforeAndAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := tracingCluster(t)
		p := ProducerOptions{Client: config, Topic: "T", Threads: 1, MessageBytes: 10, KeyEnable: true, Quantity: 200, ReportMillis: 10_000}
		if err := Produce(context.Background(), p, new(output)); err != nil {
			t.Fatal(err)
		}
		o := ConsumerOptions{Client: config, Topic: "T", Threads: 2, Group: "g", FromFirst: true, FailRate: 0.3, Seconds: 5, ReportMillis: 10_000, Trace: true}
		var out output
		if err := Consume(context.Background(), o, &out); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.lines()[0], "msgTraceEnable: true") {
			t.Errorf("it says %q", out.lines()[0])
		}
		all, sent := stored(t, config, traceTopic), byID(stored(t, config, "T"))
		given, returned := map[string][]string{}, map[string]int{}
		for _, before := range readTraces(t, all, "SubBefore", 5) {
			f := before.fields
			_, keys := tagsAndKeys(sent[f[5]].Properties)
			wantFields(t, f, "SubBefore", "*", "null", "g", "*", "*", "0", keys)
			given[f[4]] = f
		}
		for _, after := range readTraces(t, all, "SubAfter", 2) {
			f := after.fields
			before := given[f[1]]
			if before == nil || before[5] != f[2] {
				t.Fatalf("%q belongs to %q", f, before)
			}
			wantFields(t, f, "SubAfter", "*", f[2], "0", f[4], before[7], map[string]string{"true": "0", "false": "4"}[f[4]], before[1], "g")
			returned[f[4]]++
		}
		if len(given) != 200 || returned["true"]+returned["false"] != 200 || returned["false"] < 30 || returned["true"] < 100 {
			t.Errorf("%d were given, returned %v", len(given), returned)
		}
	})
}

// A trace never makes who is traced wait: what there is no room for is dropped, and what cannot be sent is given up.
func TestTracesThatNobodyTakesAreDroppedAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var nobody memnet.Network
		tr, err := openTracer(true, clientOf(nobody.Dial), "g", traceProduces)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		const all = 20_000
		for i := range all {
			tr.ended("T", fmt.Sprint(i), "addr", nil, client.CommitMessage, false)
		}
		if took := time.Since(begin); took > 0 {
			t.Errorf("adding took %v", took)
		}
		var out output
		tr.end(&out)
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("the end took %v", took)
		}
		if got := tr.sent.Load() + tr.dropped.Load() + tr.failed.Load(); got != all || tr.sent.Load() != 0 || tr.failed.Load() < traceQueue {
			t.Errorf("%d of %d are accounted for: %q", got, all, out.lines())
		}
	})
}

func TestAnswersThatWantNoTraceHaveNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := startCluster(t, func(c *storenode.Config) { c.TraceOn = false })
		var out output
		o := ProducerOptions{Client: config, Topic: "T", Threads: 1, MessageBytes: 10, Quantity: 10, ReportMillis: 10_000, Trace: true}
		if err := Produce(context.Background(), o, &out); err != nil {
			t.Fatal(err)
		}
		if lines := out.lines(); lines[len(lines)-1] != "Traces: 0 sent, 0 dropped, 0 failed" {
			t.Errorf("it says %q", lines)
		}
	})
}

func TestABatchOfTracesIsFullWhileItsKeysFitIntoProperties(t *testing.T) {
	for name, id := range map[string]string{"messages": "%032d", "batches": strings.Repeat("%032[1]d,", 16)} {
		var b traceBatch
		for i := 0; !b.full(); i++ {
			b.add(subTrace{tracedMessage: tracedMessage{group: "g", msgID: fmt.Sprintf(id, i), messageKeys: "k1 k2 k1"}, requestID: fmt.Sprintf("%032d", i)})
		}
		if keys := strings.Fields(string(b.keys)); int64(len(keys)) != b.contexts+2 || len(b.keys) > 30_000 || len(b.body) > 128_000 {
			t.Errorf("%s: %d keys of %d contexts, %d bytes of keys, %d of traces", name, len(keys), b.contexts, len(b.keys), len(b.body))
		}
	}
}
