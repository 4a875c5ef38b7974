package bench

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func allCurves(t *testing.T, c curves) CompareOptions {
	t.Helper()
	var o CompareOptions
	if err := c.fill(&o, ""); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAllCurvesFitIntoTheirTime(t *testing.T) {
	o := allCurves(t, curves{race{size: curvesSize(), self: "/bin/gantry"}, 10, 0})
	c := &comparison{options: o, report: &Report{Begun: time.Now()}}
	var all time.Duration
	for _, l := range o.Loads {
		all += c.lasts(l, o.Rounds)
	}
	if all > o.Budget || all < o.Budget/2 || o.Budget > 20*time.Minute {
		t.Errorf("all take about %v of %v", all, o.Budget)
	}
}

func TestEveryPointOfACurveHasTheWordsOfItsCommands(t *testing.T) {
	o := allCurves(t, curves{race{size: curvesSize(), self: "/bin/gantry"}, 10, 0})
	seen, loose := map[string]bool{}, regexp.MustCompile(`\{\w+\}`)
	for _, l := range o.Loads {
		c := &comparison{options: o}
		systems := c.systems(l)
		if len(systems) != len(l.Systems) || len(systems) < 4 || l.Unit == "" {
			t.Errorf("%s has %d systems of %q, unit %q", l.Name, len(systems), l.Systems, l.Unit)
		}
		f := &field{comparison: c, load: l}
		for i, s := range systems {
			for _, argv := range [][]string{l.Argv, l.Prepare, l.Beside, {l.Says}} {
				if line := strings.Join(f.words(argv, s, "addr", "file"), " "); loose.MatchString(line) {
					t.Errorf("%s: %s is left in %q", s.Name, loose.FindString(line), line)
				}
			}
			if seen[s.Name] || s.Point <= 0 || i > 0 && s.Point <= systems[i-1].Point {
				t.Errorf("%s is there twice, or at %v", s.Name, s.Point)
			}
			seen[s.Name] = true
		}
	}
	many := o.Systems[slices.IndexFunc(o.Systems, func(s System) bool { return s.Name == "queues-50000" })]
	if many.Words["topics"] != "500" || many.Words["each"] != "100" {
		t.Errorf("50,000 queues are %v", many.Words)
	}
}

func TestPointsAboveALimitAreLeftOut(t *testing.T) {
	var o CompareOptions
	if err := (curves{race{size: curvesSize()}, 1, 80}).fill(&o, "queues,consumers"); err != nil {
		t.Fatal(err)
	}
	if len(o.Loads) != 2 || !slices.Equal(o.Loads[0].Systems, []string{"queues-8", "queues-80"}) || !slices.Equal(o.Loads[1].Systems, []string{"consumers-1", "consumers-10"}) {
		t.Errorf("%+v", o.Loads)
	}
}

// waiting is a curve of two null servers with members that wait at each.
func waiting(says string) CompareOptions {
	self := race{self: os.Args[0]}
	l := Load{Name: "waiting", Title: "beside some that wait", Unit: "consumers", Fresh: true, Rests: 1,
		Argv:   append(self.ours("producer -w 4 -s {bytes} -ri 300 --seconds 1"), "--histogram", "{histogram}"),
		Beside: self.ours("idle --groups 1 --members {members}"), Says: says}
	o := CompareOptions{Rounds: 2, Loads: []Load{l}}
	for members, name := range map[int]string{1: "waiting-1", 4: "waiting-4"} {
		s := nullSystem(name)
		s.Point, s.Words = float64(members), counts("members", members, "bytes", 100*members)
		o.Systems = append(o.Systems, s)
	}
	slices.SortFunc(o.Systems, func(a, b System) int { return int(a.Point - b.Point) })
	return o
}

func TestACurveIsMeasuredBesideWhatWaits(t *testing.T) {
	o, dir := waiting("Idle members: {members} of {members}"), t.TempDir()
	if err := o.keepIn(dir); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Compare(t.Context(), o, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if want := regexp.MustCompile(`consumers +messages/s +mean ms .*\n1 +\d+ \(\d+–\d+\) .* 2\n4 +\d+ \(\d+–\d+\) .* 2\n`); !want.MatchString(out.String()) {
		t.Errorf("no table like %s in\n%s", want, out.String())
	}
	file, err := os.Open(filepath.Join(dir, "runs.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatalf("%q, %v", rows, err)
	}
	for i, want := range []string{"point", "1", "4", "1", "4"} {
		if got := rows[i][slices.Index(rows[0], "point")]; got != want {
			t.Errorf("row %d is of point %q, want %q", i, got, want)
		}
	}
}

func TestWhatDoesNotWaitEndsThePoint(t *testing.T) {
	o := waiting("Idle members: 4 of 4")
	var out bytes.Buffer
	err := Compare(t.Context(), o, &out)
	if err == nil || !strings.Contains(err.Error(), `said "Idle members: 1 of 1", want "Idle members: 4 of 4"`) || strings.Contains(err.Error(), "waiting-4") {
		t.Errorf("error %v", err)
	}
	o.Systems, o.Loads[0].Beside = o.Systems[:1], []string{"sh", "-c", "echo nobody comes >&2; exit 3"}
	if err := Compare(t.Context(), o, &out); err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "nobody comes") {
		t.Errorf("error %v", err)
	}
}

// grown is a report of one curve with a point that nothing is known of.
func grown() *Report {
	r := madeUp()
	r.Loads = []LoadReport{{Name: "queues", Title: "more and more", Unit: "queues", Rounds: 2, Systems: []string{"queues-8", "queues-800", "queues-50000"}}}
	r.Runs, r.Bars = nil, nil
	for name, at := range map[string]float64{"queues-8": 8, "queues-800": 800, "queues-50000": 50_000} {
		r.Systems = append(r.Systems, SystemReport{Name: name, Point: at})
	}
	for round := 1; round <= 2; round++ {
		for i, name := range r.Loads[0].Systems[:2] {
			r.Runs = append(r.Runs, Run{Load: "queues", System: name, Round: round, TPS: float64(1000*round + i), CPUMicros: 10})
		}
	}
	return r
}

func TestACurveIsDrawnOverItsPoints(t *testing.T) {
	var page, text bytes.Buffer
	if err := errors.Join(grown().WriteHTML(&page), grown().WriteText(&text)); err != nil {
		t.Fatal(err)
	}
	elements, said := readPage(t, &page, func(string, xml.Attr) {})
	if elements["svg"] != 2 || elements["circle"] != 8 || elements["polyline"] != 2 { // rate and CPU
		t.Errorf("%v", elements)
	}
	for _, want := range []string{"messages/s by queues", "\n800\n", "\n50,000\n", "\n1501\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if want := regexp.MustCompile(`queues +messages/s +CPU µs/message +failed +runs\n8 +1500 \(1000–2000\) +10\.0 \(10\.0–10\.0\) +0 \(0–0\) +2\n800 .*\n50,000 +- +- +- +0\n`); !want.MatchString(text.String()) {
		t.Errorf("no table like %s in\n%s", want, text.String())
	}
}

func TestClientsBeginWithOneNameServerEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := startNull(t, NullOptions{QueueNums: 4})
		var mu sync.Mutex
		dialled := map[string]int{}
		config := clientOf(func(ctx context.Context, addr string) (net.Conn, error) {
			mu.Lock()
			dialled[addr]++
			mu.Unlock()
			return network.Dial(ctx, nullAddr)
		})
		config.Namesrv = []string{"10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"}
		o := ProducerOptions{Client: config, Topic: "T", Threads: 6, Clients: 6, Quantity: 60, ReportMillis: 10_000}
		if err := Produce(t.Context(), o, new(output)); err != nil {
			t.Fatal(err)
		}
		for _, addr := range config.Namesrv {
			if dialled[addr] != 2 {
				t.Errorf("%s was the first of %d clients, want 2: %v", addr, dialled[addr], dialled)
			}
		}
	})
}

func TestCurvesThatCannotBeMeasuredAreRefused(t *testing.T) {
	for line, want := range map[string]string{
		"curves --rounds 0": "0 rounds", "curves --seconds 0": "0 s of each run", "curves --only lines": `no load is named "lines"`, "curves --up-to 1 --only queues": `no load is named "queues"`,
	} {
		if err := run(strings.Fields(line)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}
