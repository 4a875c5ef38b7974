package bench

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/remotingtest"
	"gantry/tools/client"
)

// output is where a run writes while a test reads.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) lines() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Split(strings.TrimSuffix(o.buf.String(), "\n"), "\n")
}

const nullAddr = "127.0.0.1:9876"

// startNull serves a null server in memory until the test ends.
func startNull(t *testing.T, o NullOptions) *memnet.Network {
	t.Helper()
	var network memnet.Network
	l, err := network.Listen(nullAddr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := ServeNull(ctx, l, o, new(output)); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); serving.Wait() })
	return &network
}

func clientOf(dial remoting.DialFunc) client.Config {
	return client.Config{Namesrv: []string{nullAddr}, Dial: dial, Kind: remoting.ROCKETMQ}
}

// wantLines fails unless each line matches its pattern.
func wantLines(t *testing.T, got []string, patterns ...string) {
	t.Helper()
	for i, pattern := range patterns {
		if i >= len(got) || !regexp.MustCompile("^"+pattern+"$").MatchString(got[i]) {
			t.Fatalf("line %d of\n%s\ndoes not match %q", i, strings.Join(got, "\n"), pattern)
		}
	}
	if len(got) != len(patterns) {
		t.Fatalf("%d lines, want %d:\n%s", len(got), len(patterns), strings.Join(got, "\n"))
	}
}

const latencyPattern = `Latency\(ms\) Mean: \d+\.\d{3} P50: \d+\.\d{3} P90: \d+\.\d{3} P99: \d+\.\d{3} P99\.9: \d+\.\d{3} P99\.99: \d+\.\d{3} Max: \d+\.\d{3}`

func TestAShortProducerRunPrintsTheOfficialLines(t *testing.T) {
	for name, change := range map[string]func(*ProducerOptions){
		"one by one":       func(*ProducerOptions) {},
		"asynchronous":     func(o *ProducerOptions) { o.Async = true },
		"batches":          func(o *ProducerOptions) { o.BatchMessages = 7 },
		"each on the disk": func(*ProducerOptions) {},
		"many topics":      func(o *ProducerOptions) { o.Topics, o.Queues = 5, 4 },
		"dressed up":       func(o *ProducerOptions) { o.KeyEnable, o.TagCount, o.PropertyBytes, o.DelayEnable = true, 3, 100, true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				null := NullOptions{QueueNums: 4}
				if name == "each on the disk" {
					null.SyncDir = t.TempDir()
				}
				network := startNull(t, null)
				o := ProducerOptions{Client: clientOf(network.Dial), Topic: "BenchmarkTest", Threads: 8, MessageBytes: 64, Quantity: 1003, DelayLevel: 1, ReportMillis: 10_000}
				change(&o)
				var out output
				if err := Produce(context.Background(), o, &out); err != nil {
					t.Fatal(err)
				}
				lines := out.lines()
				if lines[3] != "[Complete] Send Total: 1003 Send Failed: 0 Response Failed: 0" {
					t.Errorf("the end says %q", lines[3])
				}
				if name == "one by one" {
					wantLines(t, lines,
						"topic: BenchmarkTest threadCount: 8 messageSize: 64 keyEnable: false propertySize: 0 tagCount: 0 traceEnable: false aclEnable: false messageQuantity: 1003",
						"delayEnable: false delayLevel: 1", "asyncEnable: false", `\[Complete\] Send Total: 1003 Send Failed: 0 Response Failed: 0`, latencyPattern)
				}
			})
		})
	}
}

// Each write takes a millisecond here, so one sender sends 1,000 messages a
// second and each takes a millisecond.
func TestALongProducerRunReportsEveryTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := startNull(t, NullOptions{QueueNums: 1})
		faults := remotingtest.Faults{Below: network.Dial}
		faults.Delay(time.Millisecond)
		o := ProducerOptions{Client: clientOf(faults.Dial), Topic: "T", Threads: 1, Seconds: 25, ReportMillis: 10_000}
		var out output
		if err := Produce(context.Background(), o, &out); err != nil {
			t.Fatal(err)
		}
		report := `Current Time: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} Send TPS: (1000|999) Max RT\(ms\): \d+ Average RT\(ms\):   1\.0\d\d Send Failed: 0 Response Failed: 0`
		wantLines(t, out.lines()[3:], report, report,
			`\[Complete\] Send Total: 2\d{4} Send TPS: (1000|999) Max RT\(ms\): \d+ Average RT\(ms\):   1\.0\d\d Send Failed: 0 Response Failed: 0`, latencyPattern)
	})
}

func TestAProducerWithoutServerCountsFailuresAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var nobody memnet.Network
		o := ProducerOptions{Client: clientOf(nobody.Dial), Topic: "T", Threads: 2, Quantity: 10, ReportMillis: 10_000}
		var out output
		if err := Produce(context.Background(), o, &out); err != nil {
			t.Fatal(err)
		}
		if got := out.lines()[3]; got != "[Complete] Send Total: 10 Send Failed: 10 Response Failed: 0" {
			t.Errorf("the end says %q", got)
		}
	})
}

func TestAConsumerRunPrintsTheOfficialLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := startNull(t, NullOptions{QueueNums: 1, MessageBytes: 100, PullMessages: 32})
		faults := remotingtest.Faults{Below: network.Dial}
		faults.Delay(10 * time.Millisecond) // a pull takes so long and brings 32
		var out output
		o := ConsumerOptions{Client: clientOf(faults.Dial), Topic: "T", Threads: 1, Group: "g", Seconds: 12, ReportMillis: 10_000}
		if err := Consume(context.Background(), o, &out); err != nil {
			t.Fatal(err)
		}
		wantLines(t, out.lines(),
			"topic: T, threadCount 1, group: g, suffix: false, filterType: null, expression: null, msgTraceEnable: false, aclEnable: false",
			"Consumer Started.",
			`Current Time: \d+ TPS: 3\d{3} FAIL: 0 AVG\(B2C\) RT\(ms\):   \d\.\d{3} AVG\(S2C\) RT\(ms\):   \d\.\d{3} MAX\(B2C\) RT\(ms\): \d+ MAX\(S2C\) RT\(ms\): \d+`,
			"B2C "+latencyPattern, "S2C "+latencyPattern)
	})
}

func TestAConsumerEndsWithItsQuantityAndGivesBackItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := startNull(t, NullOptions{QueueNums: 2, MessageBytes: 10, PullMessages: 32})
		r := &consumerRun{options: ConsumerOptions{FailRate: 1, Quantity: 2}, enough: func() {}}
		if err := r.handle(context.Background(), &client.Received{}); err == nil || r.stats.failed.Load() != 1 {
			t.Error("a failure on purpose was none")
		}
		var out output
		o := ConsumerOptions{Client: clientOf(network.Dial), Topic: "T", Threads: 4, Group: "g", Quantity: 500, ReportMillis: 10_000, FilterType: "TAG", Expression: "*"}
		if err := Consume(context.Background(), o, &out); err != nil {
			t.Fatal(err)
		}
		if got := out.lines()[1]; got != "Expression: *" {
			t.Errorf("the second line is %q", got)
		}
		o.FilterType = "XPATH"
		if err := Consume(context.Background(), o, &out); err == nil {
			t.Error("a filter type that does not exist was taken")
		}
	})
}
