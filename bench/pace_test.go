package bench

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/memnet"
	"gantry/remoting/remotingtest"
)

// usual is what a write takes when nothing is wrong.
const usual = 100 * time.Microsecond

// stalledSends runs a producer for 20 s against a server that takes nothing for 2 s in the middle, and gives the histogram.
func stalledSends(t *testing.T, change func(*ProducerOptions)) (counted *Histogram, lines []string) {
	network := startNull(t, NullOptions{QueueNums: 4})
	faults := remotingtest.Faults{Below: network.Dial}
	faults.Delay(usual)
	o := ProducerOptions{Client: clientOf(faults.Dial), Topic: "T", Threads: 16, MessageBytes: 10, Seconds: 20, ReportMillis: 10_000, sleep: time.Sleep}
	change(&o)
	clients, err := openClients(o.Client, max(o.Clients, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer closeClients(clients)
	stall := time.AfterFunc(10*time.Second-5*time.Millisecond, func() { faults.Delay(2 * time.Second) })
	defer stall.Stop()
	mend := time.AfterFunc(10*time.Second+15*time.Millisecond, func() { faults.Delay(usual) })
	defer mend.Stop()
	var out output
	r := newProducerRun(o, clients, nil, &out)
	if err := r.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return &r.stats.histogram, out.lines()
}

// longer is how many took at least d.
func longer(h *Histogram, d time.Duration) (n int64) {
	for i := bucketOf(d.Microseconds()); i < bucketSize; i++ {
		n += h.buckets[i].Load()
	}
	return n
}

// 100 sends a second are due: 200 of them while the server takes nothing, half of which then have waited for a second and more,
// though no more than 16 can be under way.
func TestAStalledServerShowsInEverySendThatWasDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, lines := stalledSends(t, func(o *ProducerOptions) { o.Rate = 100 })
		if h.Count() != 2000 || !strings.HasPrefix(lines[4], "[Complete] Send Total: 2000 ") {
			t.Errorf("%d of 2000 sends, %q", h.Count(), lines[4])
		}
		if n := longer(h, time.Second); n < 98 || n > 102 {
			t.Errorf("%d sends took a second or more, want about 100", n)
		}
		if n := longer(h, time.Millisecond); n < 195 || n > 205 {
			t.Errorf("%d sends waited, want about 200", n)
		}
	})
}

func TestAStallOfAClosedLoopShowsInTheSendsUnderWayAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := stalledSends(t, func(o *ProducerOptions) { o.Threads = 1 })
		if n := longer(h, time.Second); n > 1 {
			t.Errorf("%d sends took a second or more, want one", n)
		}
	})
}

// What is due when a paced run ends is still sent; what nobody answers has failed, and counts with the time until then.
func TestAServerThatStaysAwayFailsEverySendThatWasDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := startNull(t, NullOptions{QueueNums: 4})
		faults := remotingtest.Faults{Below: network.Dial}
		o := ProducerOptions{Client: clientOf(faults.Dial), Topic: "T", Threads: 4, Seconds: 20, Rate: 10, ReportMillis: 10_000, sleep: time.Sleep}
		away := time.AfterFunc(10*time.Second-time.Millisecond, func() { faults.Delay(time.Hour) })
		defer away.Stop()
		clients, err := openClients(o.Client, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer closeClients(clients)
		defer faults.Cut()
		r := newProducerRun(o, clients, nil, new(output))
		if err := r.run(context.Background()); err != nil {
			t.Fatal(err)
		}
		if sent, failed := r.stats.sent.Load(), r.stats.failed.Load(); sent != 100 || failed != 100 || r.stats.histogram.Count() != 200 {
			t.Errorf("%d sent, %d failed, %d times, want 100, 100, 200", sent, failed, r.stats.histogram.Count())
		}
		if n := longer(&r.stats.histogram, 3*time.Second); n < 100 {
			t.Errorf("%d sends took 3 s or more, want at least 100", n)
		}
	})
}

func TestAPaceHasAsManySendsAsItsRate(t *testing.T) {
	for name, c := range map[string]struct {
		rate, batch, seconds int
		quantity             int64
		want                 int
	}{"by time": {3, 0, 10, 0, 30}, "by quantity": {1000, 0, 0, 77, 77}, "in batches": {100, 7, 10, 0, 143}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := ProducerOptions{Rate: c.rate, BatchMessages: c.batch, sleep: time.Sleep}.newPace(c.seconds, c.quantity)
				begin := time.Now()
				go p.run(context.Background())
				n := 0
				for due := range p.due {
					if after := time.Duration(n*max(c.batch, 1)) * time.Second / time.Duration(c.rate); due.Sub(begin) != after || time.Now() != due {
						t.Fatalf("send %d is due after %v and given out after %v, want %v", n, due.Sub(begin), time.Since(begin), after)
					}
					n++
				}
				if n != c.want {
					t.Errorf("%d sends, want %d", n, c.want)
				}
			})
		})
	}
}

func TestAnExactSleepIsNotTooShort(t *testing.T) {
	sleep, done := exactSleep()
	defer done()
	for range 5 {
		begin := time.Now()
		sleep(2 * time.Millisecond)
		if took := time.Since(begin); took < 2*time.Millisecond {
			t.Errorf("2 ms took %v", took)
		}
	}
}

func TestWhatIsSentToWarmUpDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := startNull(t, NullOptions{QueueNums: 4})
		o := ProducerOptions{Client: clientOf(network.Dial), Topic: "T", Threads: 4, Seconds: 2, Rate: 100, WarmupSeconds: 5, Clients: 3, ReportMillis: 10_000,
			HistogramPath: filepath.Join(t.TempDir(), "sends.hgrm"), sleep: time.Sleep}
		var watched output
		o.Progress = &watched
		var out output
		begin := time.Now()
		if err := Produce(context.Background(), o, &out); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took < 6900*time.Millisecond || took > 8*time.Second {
			t.Errorf("the run took %v, want 7 s", took)
		}
		if got := out.lines()[3]; !strings.HasPrefix(got, "[Complete] Send Total: 200 ") {
			t.Errorf("the end says %q", got)
		}
		if line := strings.Join(watched.lines(), ""); strings.Count(line, eraseLine) < 6 || !regexp.MustCompile(` 2 s  (199|200|201) sent, (99|100|101)/s`).MatchString(line) {
			t.Errorf("who watches sees %q", line)
		}
		f, err := os.Open(o.HistogramPath)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if points, err := ReadPercentiles(f); err != nil || points[len(points)-1].Count != 200 {
			t.Errorf("the histogram has %v, %v", points, err)
		}
	})
}

func TestWhatIsConsumedToWarmUpDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := startNull(t, NullOptions{QueueNums: 1, MessageBytes: 100, PullMessages: 32})
		faults := remotingtest.Faults{Below: network.Dial}
		faults.Delay(10 * time.Millisecond) // a pull takes so long and brings 32
		var watched, out output
		o := ConsumerOptions{Client: clientOf(faults.Dial), Topic: "T", Threads: 1, Group: "g", Seconds: 2, WarmupSeconds: 10, ReportMillis: 1000,
			HistogramPath: filepath.Join(t.TempDir(), "born.hgrm"), Progress: &watched}
		if err := Consume(context.Background(), o, &out); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(o.HistogramPath)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		points, err := ReadPercentiles(f)
		if err != nil || points[len(points)-1].Count < 5600 || points[len(points)-1].Count > 6500 { // of 2 s, 3,200 each
			t.Errorf("the histogram has %+v, %v", points, err)
		}
		if line := strings.Join(watched.lines(), ""); !regexp.MustCompile(` 1 s  3\d{3} consumed, 3\d{3}/s`).MatchString(line) {
			t.Errorf("who watches sees %q", line)
		}
	})
}

func TestLatencyIsFromWhenASendIsDueToItsArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := startEcho(t)
		var out output
		o := LatencyOptions{Client: clientOf(network.Dial), Topic: "T", Group: "g", Rate: 100, MessageBytes: 128, Senders: 4, Handlers: 2,
			WarmupSeconds: 1, Seconds: 12, ReportMillis: 10_000, sleep: time.Sleep}
		if err := MeasureLatency(context.Background(), o, &out); err != nil {
			t.Fatal(err)
		}
		wantLines(t, out.lines(), "topic: T, group: g, rate: 100, messageSize: 128, threadCount: 4",
			`Current Time: .* TPS: 100 Max RT\(ms\): 7 Average RT\(ms\):   7\.000 Send Failed: 0`,
			`\[Complete\] Send Total: 1200 Max RT\(ms\): 7 Average RT\(ms\):   7\.000 Send Failed: 0 Not Arrived: 0`,
			"Send "+latencyPattern, `Latency\(ms\) Mean: 7\.000 P50: 7\.000 .* Max: 7\.000`)
	})
}

func TestLatencyNamesATopicThatIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var nobody memnet.Network
		o := LatencyOptions{Client: clientOf(nobody.Dial), Topic: "Nowhere", Group: "g", Rate: 1, MessageBytes: stampBytes, Senders: 1, Seconds: 1, ReportMillis: 1000, sleep: time.Sleep}
		if err := MeasureLatency(context.Background(), o, new(output)); err == nil || !strings.Contains(err.Error(), "have topic Nowhere made") {
			t.Errorf("error %v", err)
		}
	})
}
