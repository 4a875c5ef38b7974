package bench

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// The test binary is also the program that comparisons start.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "bench" {
		app := &cli.App{Commands: []*cli.Command{Command()}}
		if err := app.Run(os.Args); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// freeAddr is an address that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// nullSystem is a null server of this program on a free port.
func nullSystem(name string) System {
	return System{Name: name, Addr: "127.0.0.1:{port}", Start: []string{os.Args[0], "bench", "null", "--listen", "127.0.0.1:{port}"},
		Stated: Facts{Version: "made up", FlushDiskType: "ASYNC_FLUSH", BrokerRole: "ASYNC_MASTER", Copies: 1}}
}

func TestTwoSystemsAreComparedInTurn(t *testing.T) {
	dir := t.TempDir()
	var watched output
	o := CompareOptions{Systems: []System{nullSystem("one"), nullSystem("two")}, Rounds: 2, Release: "1.2.3", Progress: &watched,
		Loads: []Load{{Name: "sends", Title: "some sends", Fresh: true,
			Argv: []string{os.Args[0], "bench", "producer", "-n", "{addr}", "-w", "4", "-s", "128", "-ri", "300", "--seconds", "1", "--histogram", "{histogram}"}},
			{Name: "half", Title: "half of it", Rate: rateOf{"sends", "two", 0.5},
				Argv: []string{os.Args[0], "bench", "producer", "-n", "{addr}", "-w", "4", "-s", "128", "-ri", "300", "--seconds", "1", "--rate", "{rate}"}},
			{Name: "start", Title: "starts", Fresh: true}}}
	if err := o.keepIn(dir); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Compare(context.Background(), o, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	file, err := os.Open(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := ReadReport(file)
	if err != nil || len(r.Runs) != 12 || len(r.Loads) != 3 || len(r.Systems) != 2 || r.Machine.Cores == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	for i, want := range []string{"one", "two", "one", "two"} {
		run := r.Runs[i]
		if run.Load != "sends" || run.System != want || run.Round != i/2+1 || run.TPS == 0 || run.MeanMillis == 0 || run.P99Millis == 0 || run.Failed != 0 ||
			run.RSSMiB == 0 || run.AnonMiB == 0 || run.ReadyMillis == 0 || len(run.Curve) < 5 {
			t.Errorf("run %d: %+v", i+1, run)
		}
		if starts := r.Runs[8+i]; starts.Load != "start" || starts.TPS != 0 || starts.ReadyMillis == 0 {
			t.Errorf("start %d: %+v", i+1, starts)
		}
	}
	if line := strings.Join(watched.lines(), ""); !strings.Contains(line, "half, round 2 of 2, two") {
		t.Errorf("who watches sees %q", line)
	}
	if half := r.Loads[1].Rate; half < 1 || float64(half) > r.Runs[1].TPS && float64(half) > r.Runs[3].TPS {
		t.Errorf("half of the rate is %d, of %.0f and %.0f", half, r.Runs[1].TPS, r.Runs[3].TPS)
	}
	if r.Runs[4].ReadyMillis == 0 || r.Runs[6].ReadyMillis != 0 {
		t.Errorf("a system that is kept is ready twice: %+v", r.Runs[4:8])
	}
	for _, name := range []string{"sends-one-1.hgrm", "sends-two-2.hgrm", "runs.csv", "index.html"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if !regexp.MustCompile(`messages/s +two +\d+ +\d+ +\d+ +\d+\.\d\d +2`).MatchString(out.String()) || !strings.Contains(out.String(), "one: made up, ASYNC_FLUSH, ASYNC_MASTER, copies: 1 (stated)") {
		t.Errorf("the text lacks a figure:\n%s", out.String())
	}
}

// What fails does not take the rest with it, and is not passed over in silence.
func TestASystemThatFailsIsOutAndTheOthersGoOn(t *testing.T) {
	broken := System{Name: "broken", Addr: "127.0.0.1:{port}", Start: []string{"false"}}
	o := CompareOptions{Systems: []System{broken, nullSystem("whole")}, Rounds: 2, Loads: []Load{{Name: "start", Fresh: true},
		{Name: "silent", Argv: []string{"true"}, Systems: []string{"whole"}}, {Name: "paced", Argv: []string{"true"}, Rate: rateOf{"silent", "whole", 1}}}}
	if err := o.keepIn(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := Compare(context.Background(), o, &out)
	for _, want := range []string{"start, round 1 of broken: broken ended before it was ready", `silent, round 1 of whole: load ["true"] printed no line`, "paced: its rate is 1 of what whole did"} {
		if err == nil || strings.Count(err.Error(), want) != 1 || !strings.Contains(out.String(), want) {
			t.Errorf("error %v, want %q once", err, want)
		}
	}
	text, err := os.ReadFile(o.CSVPath)
	if err != nil || strings.Count(string(text), "start,") != 2 {
		t.Errorf("the results are %q, %v, want two starts of the whole system", text, err)
	}
}

func TestTheAddressIsTakenFromWhatASystemSays(t *testing.T) {
	s := System{Name: "told", Addr: toldAddr, Start: []string{"sh", "-c",
		`echo before; "$0" bench null --listen 127.0.0.1:$1 & sleep 0.1; echo "ready namesrv=127.0.0.1:$1 broker=x pid=1 tookMillis=4711"; wait`, os.Args[0], "{port}"}}
	st, err := s.start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.stop()
	if !strings.HasPrefix(st.addr, "127.0.0.1:") || st.ready != 4711*time.Millisecond {
		t.Errorf("address %q, ready after %v", st.addr, st.ready)
	}
}

func TestLoadsGetFewerRoundsRatherThanMoreTime(t *testing.T) {
	var out bytes.Buffer
	c := &comparison{out: &out, report: &Report{Begun: time.Now()}, options: CompareOptions{Rounds: 5, Budget: 10 * time.Minute,
		Systems: []System{{Name: "a"}, {Name: "b", Starts: 10 * time.Second}}, Loads: []Load{{Name: "x", Argv: []string{"x"}, Lasts: time.Minute}, {Name: "y", Argv: []string{"x"}, Lasts: time.Minute}}}}
	if got := c.roundsFor(0); got != 2 { // 2 loads, 2 systems, 2 rounds: 8 minutes and 20 s; 3 rounds would be 12
		t.Errorf("%d rounds", got)
	}
	if len(c.report.Notes) != 1 || !strings.Contains(c.report.Notes[0], "2 rounds instead of 5") {
		t.Errorf("notes %q", c.report.Notes)
	}
	if got := c.roundsFor(1); got != 4 { // the second alone
		t.Errorf("%d rounds of the last", got)
	}
	c.report.Begun = time.Now().Add(-time.Hour)
	if got := c.roundsFor(1); got != 1 {
		t.Errorf("%d rounds when time is over", got)
	}
}

func TestASystemThatEndsAtOnceIsReported(t *testing.T) {
	s := System{Name: "broken", Addr: freeAddr(t), Start: []string{"false"}}
	_, err := s.start(context.Background(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "broken ended before it was ready") {
		t.Errorf("error %v", err)
	}
}

// routeOnly is a server that knows nothing but routes, answered with code.
type routeOnly struct {
	conn *remoting.Conn
	code int32
}

func (r routeOnly) Frame(_, frame []byte) error {
	s, err := remoting.Summarize(frame)
	if err != nil {
		return err
	}
	if s.Code != protocol.GetRouteInfoByTopic {
		return r.conn.Reply(s.Kind, s.Opaque, &remoting.Response{Code: protocol.RequestCodeNotSupported})
	}
	return r.conn.Reply(s.Kind, s.Opaque, &remoting.Response{Code: r.code, Body: []byte(
		`{"brokerDatas":[{"brokerAddrs":{"0":"127.0.0.1:1"},"brokerName":"b","cluster":"c"}],"queueDatas":[{"brokerName":"b","perm":6,"readQueueNums":4,"writeQueueNums":4}]}`)})
}

func (routeOnly) Closed() {}

// TestASystemIsReadyWithItsFirstRoute: a 5.x proxy knows no clusters.
func TestASystemIsReadyWithItsFirstRoute(t *testing.T) {
	for code, ready := range map[int32]bool{protocol.Success: true, protocol.TopicNotExist: false} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		server := remoting.NewServer(slog.New(slog.DiscardHandler), remoting.Limits{}, 0)
		defer server.Close(t.Context())
		server.Serve(l, func(c *remoting.Conn) remoting.FrameHandler { return routeOnly{c, code} })
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if _, err := (System{Name: "proxy", Addr: l.Addr().String()}).start(ctx, ""); (err == nil) != ready {
			t.Errorf("a route answered with code %d: %v", code, err)
		}
	}
}

// javaLines are what the official benchmark prints in 4.6, 4.9 and 5.x.
func TestTheLinesOfEveryOfficialBenchmarkAreRead(t *testing.T) {
	for line, want := range map[string][4]float64{
		"Send TPS: 39000 Max RT: 214 Average RT:   1.638 Send Failed: 1 Response Failed: 2":                                                                    {39000, 1.638, 214, 3},
		"Current Time: 2026-01-01 00:00:00,000 Send TPS: 39000 Max RT(ms): 214 Average RT(ms):   1.638 Send Failed: 0 Response Failed: 2":                      {39000, 1.638, 214, 2},
		"Current Time: 2026-01-01 00:00:00,000 | Send TPS: 39000 | Max RT(ms): 214 | Average RT(ms):   1.638 | Send Failed: 0 | Response Failed: 0":            {39000, 1.638, 214, 0},
		"Current Time: 1700000000000 TPS: 50 FAIL: 4 AVG(B2C) RT(ms):   2.500 AVG(S2C) RT(ms):   1.000 MAX(B2C) RT(ms): 9 MAX(S2C) RT(ms): 8":                  {50, 2.5, 9, 4},
		"Current Time: 2026-01-01 00:00:00,000 | Consume TPS: 50 | AVG(B2C) RT(ms):   2.500 | AVG(S2C) RT(ms):   1.000 | MAX(B2C) RT(ms): 9 | Consume Fail: 4": {50, 2.5, 9, 4},
		"Consume TPS: 50 Average(B2C) RT:   2.500 Average(S2C) RT:   1.000 MAX(B2C) RT: 9 MAX(S2C) RT: 8":                                                      {50, 2.5, 9, 0},
	} {
		l := load{usage: func() usage { return usage{} }}
		l.line("topic: BenchmarkTest threadCount: 64")
		l.line(line)
		if len(l.reports) != 1 {
			t.Errorf("%q is not read as a report", line)
			continue
		}
		r := l.reports[0]
		if got := [4]float64{r.tps, r.meanMillis, r.maxMillis, float64(r.failed)}; got != want {
			t.Errorf("%q is read as %v, want %v", line, got, want)
		}
	}
}

func TestARunIsMeasuredBetweenItsFirstAndLastReport(t *testing.T) {
	begin := time.Now()
	at := func(seconds int, cpu time.Duration, tps, mean float64) reading {
		return reading{at: begin.Add(time.Duration(seconds) * time.Second), usage: usage{cpu: cpu, writtenBytes: 100 * cpu.Microseconds()}, tps: tps, meanMillis: mean}
	}
	l := load{reports: []reading{at(10, time.Second, 100, 50), at(20, 2*time.Second, 1000, 1), at(30, 5*time.Second, 3000, 3)}}
	var r Run
	l.fill(&r)
	if r.TPS != 2000 || r.MeanMillis != 2.5 || r.CPUMicros != 100 || r.DiskBytes != 10_000 {
		t.Errorf("%+v, want 2000 a second, 2.5 ms, 100 µs, 10,000 bytes", r)
	}
	r, l.peak = Run{}, true // the second report has a third of the rate of the last: the load was not all there
	l.fill(&r)
	if r.TPS != 3000 || r.MeanMillis != 3 || r.CPUMicros != 100 {
		t.Errorf("%+v, want 3000 a second, 3 ms, 100 µs", r)
	}
	short := load{begin: at(0, 0, 0, 0), end: at(5, time.Second, 0, 2), total: 10_000}
	short.fill(&r)
	if r.TPS != 2000 || r.MeanMillis != 2 || r.CPUMicros != 100 {
		t.Errorf("%+v, want 2000 a second, 2 ms, 100 µs", r)
	}
}

func TestMedianAndSpread(t *testing.T) {
	if got := spreadOf([]float64{3, 1, 2}); got != (spread{2, 1, 3, 3}) {
		t.Errorf("%+v", got)
	}
	if got := spreadOf([]float64{4, 1, 2, 3}); got != (spread{2.5, 1, 4, 4}) {
		t.Errorf("%+v", got)
	}
	if got := spreadOf(nil); got != (spread{}) {
		t.Errorf("%+v", got)
	}
}

func TestCommandsAreSplitAtBlanksOutsideOfQuotes(t *testing.T) {
	got, err := splitWords(`bin/gantry  standalone --data '{dir}/a b' -c "" x"y z"`)
	if want := []string{"bin/gantry", "standalone", "--data", "{dir}/a b", "-c", "", "xy z"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if _, err := splitWords(`it's`); err == nil {
		t.Error("a quote without end was taken")
	}
}

func TestSystemsAsTheyAreTyped(t *testing.T) {
	s, err := parseStart("gantry=127.0.0.1:9876=bin/gantry standalone -x a=b")
	if err != nil || s.Name != "gantry" || s.Addr != "127.0.0.1:9876" || !slices.Equal(s.Start, []string{"bin/gantry", "standalone", "-x", "a=b"}) {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := parseRunning("real=10.0.0.1:9876=4711"); err != nil || s.PID != 4711 || s.Start != nil {
		t.Errorf("%+v, %v", s, err)
	}
	for _, bad := range []string{"", "x", "x=y", "x=y=z", "x=127.0.0.1:1="} {
		if _, err := parseStart(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	for _, bad := range []string{"x", "x=y", "x=127.0.0.1:1=pid"} {
		if _, err := parseRunning(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestProcessStatesAreRead(t *testing.T) {
	p, err := parseStat([]byte("42 (a) b (c) S 7 42 42 0 -1 4194560 100 0 0 0 150 50 10 5 20 0 12 0 1000 123456789 250 18446744073709551615 1 1"))
	if err != nil || p.parent != 7 || p.cpu != 2150*time.Millisecond || p.rssBytes != 250*int64(os.Getpagesize()) {
		t.Errorf("%+v, %v", p, err)
	}
	for _, bad := range []string{"", "42", "42 (x) S 7"} {
		if _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestUsageCountsDescendants(t *testing.T) {
	command := exec.Command("sleep", "60")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer command.Wait()
	defer command.Process.Kill()
	own, err := usageOf(os.Getpid())
	if err != nil || own.rssBytes == 0 {
		t.Fatalf("%+v, %v", own, err)
	}
	all, err := processes()
	if err != nil || !descends(all, command.Process.Pid, os.Getpid()) || descends(all, os.Getpid(), command.Process.Pid) {
		t.Error("parents and children are not told apart")
	}
	if _, err := usageOf(1 << 30); err == nil {
		t.Error("a process that does not exist has usage")
	}
}

func TestWrongOptionsAreRefusedInOneLine(t *testing.T) {
	for _, args := range [][]string{
		{"producer", "-y", "maybe"}, {"producer", "-n", "nowhere"}, {"producer", "-m", "perhaps"}, {"consumer", "-m", "perhaps"},
		{"producer", "--rate", "-1"}, {"latency", "-s", "23"}, {"latency", "--rate", "0"}, {"compare", "--quick", "--full"}, {"compare", "--quick", "--load", "x"},
		{"compare", "--quick", "--only", "nothing"}, {"producer", "--header", "xml"}, {"producer", "stray"}, {"compare"}, {"compare", "--start", "x"}, {"compare", "--load", "'"},
	} {
		app := &cli.App{Commands: []*cli.Command{Command()}, Writer: new(bytes.Buffer), ErrWriter: new(bytes.Buffer), ExitErrHandler: func(*cli.Context, error) {}}
		err := app.Run(append([]string{"gantry", "bench"}, args...))
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: %v", args, err)
		}
	}
}
