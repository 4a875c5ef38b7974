package bench

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// madeUp is a report with everything that one can have.
func madeUp() *Report {
	r := &Report{Format: reportFormat, Begun: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Ended: time.Date(2026, 1, 2, 3, 24, 5, 0, time.UTC), Release: "1.2.3",
		Machine: Machine{CPU: "Imaginary CPU, amd64", Cores: 4, MemoryBytes: 8 << 30, Kernel: "6.1.0", Disk: "ext4 on /dev/sda1", Load: "0.10 0.20 0.30", Go: "go1.26"},
		Loads: []LoadReport{{Name: "sends", Title: "sends & <answers>", Command: "bench producer -n {addr}", Rounds: 2, Systems: []string{"null", "ours", "theirs"}},
			{Name: "paced", Title: "open loop", Command: "bench producer --rate {rate}", Rate: 500, Rounds: 5, Systems: []string{"ours"}}},
		Systems: []SystemReport{{Name: "null", Title: "nothing", Command: "null", Facts: Facts{Version: "1", FlushDiskType: "stores nothing", BrokerRole: "none", Source: factsStated}},
			{Name: "ours", Title: "ours", Command: "sh -c 'a && b'", Facts: Facts{"2", "ASYNC_FLUSH", "ASYNC_MASTER", 1, factsAsked}},
			{Name: "theirs", Title: "theirs", Facts: Facts{"3", "SYNC_FLUSH", "SYNC_MASTER", 2, factsAsked}}},
		Notes: []string{"one was left out: <reason>"}}
	for round := 1; round <= 2; round++ {
		by := float64(round)
		r.Runs = append(r.Runs, Run{Load: "sends", System: "null", Round: round, TPS: 1000 * by, MeanMillis: 1 / by, MaxMillis: 9},
			Run{Load: "sends", System: "ours", Round: round, TPS: 900 * by, MeanMillis: 1.5, P50Millis: 1, P90Millis: 2, P99Millis: 3, P999Millis: 4, P9999Millis: 5, MaxMillis: 6,
				CPUMicros: 10, RSSMiB: 50, AnonMiB: 30, FileMiB: 20, DiskBytes: 1100, ReadyMillis: 11, Failed: 0,
				Curve: []Point{{0, 0.5, 1}, {0.5, 1, 500}, {0.9, 2, 900}, {0.99, 3, 990}, {1, 6, 1000}}},
			Run{Load: "paced", System: "ours", Round: round, TPS: 500, MeanMillis: 0.2, Failed: int64(round)})
	}
	for _, b := range []bar{{"ours against nothing", "sends", "tps", "ours", "null", 0.8, 0}, {"CPU", "sends", "cpu_us_per_message", "ours", "theirs", 0, 0.5}, {"ready", "sends", "ready_ms", "ours", "", 0, 10}} {
		r.Bars = append(r.Bars, b.judge(r.Runs))
	}
	return r
}

func TestAReportIsReadAsItWasWritten(t *testing.T) {
	var text bytes.Buffer
	want := madeUp()
	if err := want.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	got, err := ReadReport(bytes.NewReader(text.Bytes()))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	for _, bad := range []string{"", "{}", strings.Replace(text.String(), `"format": 1`, `"format": 2`, 1), strings.Replace(text.String(), `"tps"`, `"speed"`, 1)} {
		if _, err := ReadReport(strings.NewReader(bad)); !errors.Is(err, ErrReportFormat) {
			t.Errorf("%.40q is read: %v", bad, err)
		}
	}
}

func TestEachRowOfTheCSVNamesDurabilityAndMachine(t *testing.T) {
	var text bytes.Buffer
	r := madeUp()
	if err := r.WriteCSV(&text); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(rows) != 1+len(r.Runs) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	want := "sends,1,ours,2,ASYNC_FLUSH,ASYNC_MASTER,1,900,1.500,1.000,2.000,3.000,4.000,5.000,6.000,10.0,50,30,20,1100,0.00,11,0,0," + r.Machine.String()
	if got := strings.Join(rows[2], ","); got != want {
		t.Errorf("row\n%s, want\n%s", got, want)
	}
	if got := len(rows[0]); got != len(rows[1]) {
		t.Errorf("%d names of %d columns", got, len(rows[1]))
	}
}

func TestTheTextHasMediansSpreadAndRatios(t *testing.T) {
	var text bytes.Buffer
	if err := madeUp().WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{
		`messages/s +null +1500 +1000 +2000 +1\.00 +2\n`, `messages/s +ours +1350 +900 +1800 +0\.90 +2\n`, `messages/s +theirs +- +- +- +- +0\n`,
		`P99\.99 ms +ours +5\.000 +5\.000 +5\.000 +- +2\n`, `failed +ours +2 +1 +2 +1\.00 +2\n`, `theirs: 3, SYNC_FLUSH, SYNC_MASTER, copies: 2 \(asked\)\n`,
		`ours against nothing +≥ 0\.8 × null +0\.90 × \(ours 1350, null 1500 messages/s\) +met, too few runs to count +2\n`,
		`CPU +≤ 0\.5 × theirs +- +not measured +0\n`, `ready +≤ 10 +ours 11 ready ms +not met, too few runs to count +2\n`,
		`Imaginary CPU, amd64, 4 cores, 8\.0 GiB of memory, kernel 6\.1\.0, disk: ext4 on /dev/sda1`, `Note: one was left out`,
	} {
		if !regexp.MustCompile(pattern).MatchString(text.String()) {
			t.Errorf("nothing matches %q in\n%s", pattern, text.String())
		}
	}
}

// The page is compared with testdata/report.html; UPDATE_GOLDEN=1 writes that anew, to be looked at in a browser.
func TestThePageIsTheOneThatWasLookedAt(t *testing.T) {
	var page bytes.Buffer
	if err := madeUp().WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "report.html")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, wanted := strings.Split(page.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(wanted)) {
		if i >= len(got) || i >= len(wanted) || got[i] != wanted[i] {
			t.Fatalf("line %d of %d differs from %s, which has %d:\n%s", i+1, len(got), golden, len(wanted), strings.Join(got[min(i, len(got)):min(i+1, len(got))], "\n"))
		}
	}
}

func TestThePageIsWellFormedAndNeedsNothingElse(t *testing.T) {
	var page bytes.Buffer
	if err := madeUp().WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	elements, text := readPage(t, &page, func(element string, a xml.Attr) {
		if a.Name.Local == "src" || a.Name.Local == "href" || strings.Contains(a.Value, "//") {
			t.Errorf("%s has %s=%q", element, a.Name.Local, a.Value)
		}
	})
	if elements["script"]+elements["link"]+elements["img"] > 0 || strings.Contains(text, "url(") || strings.Contains(text, "@import") {
		t.Errorf("the page needs something else: %v", elements)
	}
	// two runs of two systems: rate and mean; of one: P99, CPU, memory, disk, ready. Then two runs of the second load: rate, mean.
	if elements["circle"] != 2*2*2+2*5+2*2 || elements["polyline"] != 2 || elements["svg"] != 7+1+2 {
		t.Errorf("%d dots, %d curves, %d plots", elements["circle"], elements["polyline"], elements["svg"])
	}
	for _, want := range []string{"sends & <answers>", "one was left out: <reason>", "sh -c 'a && b'", "SYNC_MASTER", "Imaginary CPU", "Rate: 500 messages a second", "too few to say who is faster"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestNamesOfPercentiles(t *testing.T) {
	for nines, want := range map[float64]string{0: "0 %", 1: "90 %", 2: "99 %", 3: "99.9 %", 4: "99.99 %"} {
		if got := percent(nines); got != want {
			t.Errorf("%v nines are %q, want %q", nines, got, want)
		}
	}
}

func TestABarIsMetOnlyByEnoughRuns(t *testing.T) {
	b := bar{"w", "l", "tps", "a", "b", 2, 0}
	for want, runs := range map[string]int{barMet: 5, barMet + barTooFew: 4, barNotMeasured: 0} {
		var all []Run
		for range runs {
			all = append(all, Run{Load: "l", System: "a", TPS: 20}, Run{Load: "l", System: "b", TPS: 10}, Run{Load: "other", System: "b", TPS: 1000})
		}
		if got := b.judge(all); got.Verdict != want || got.Runs != runs {
			t.Errorf("%d runs: %+v, want %q", runs, got, want)
		}
	}
	b.atLeast, b.atMost = 0, 1.9
	if got := b.judge([]Run{{Load: "l", System: "a", TPS: 20}, {Load: "l", System: "b", TPS: 10}}); got.Verdict != barNotMet+barTooFew || got.Value != 2 {
		t.Errorf("%+v", got)
	}
}
