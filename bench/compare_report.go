package bench

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"text/tabwriter"
)

// Run is one load against one system.
type Run struct {
	Round       int
	System      string
	TPS         float64
	MeanMillis  float64
	P99Millis   float64 // of the whole run, from a load of ours; 0: not known
	MaxMillis   float64
	Failed      int64
	CPUMicros   float64 // of the system's processes, for each message; 0: not known
	RSSMiB      float64 // the highest seen at a report; 0: not known
	ReadyMillis int64   // from start to ready; 0: it ran already
}

func (r Run) String() string {
	return fmt.Sprintf("round %d %s: TPS %.0f, average RT %.3f ms, failed %d, CPU %.1f µs a message, RSS %.0f MiB, ready in %d ms",
		r.Round, r.System, r.TPS, r.MeanMillis, r.Failed, r.CPUMicros, r.RSSMiB, r.ReadyMillis)
}

// figure is one column of the table.
type figure struct {
	name   string
	of     func(Run) float64
	format string
}

// figures are what the table shows; a package variable would be state.
func figures() []figure {
	return []figure{
		{"TPS", func(r Run) float64 { return r.TPS }, "%.0f"},
		{"average RT ms", func(r Run) float64 { return r.MeanMillis }, "%.3f"},
		{"P99 RT ms", func(r Run) float64 { return r.P99Millis }, "%.3f"},
		{"CPU µs/message", func(r Run) float64 { return r.CPUMicros }, "%.1f"},
		{"RSS MiB", func(r Run) float64 { return r.RSSMiB }, "%.0f"},
		{"ready ms", func(r Run) float64 { return float64(r.ReadyMillis) }, "%.0f"},
		{"failed", func(r Run) float64 { return float64(r.Failed) }, "%.0f"},
	}
}

// spread is the middle and the ends of several runs' values.
type spread struct{ median, low, high float64 }

func spreadOf(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return spread{}
	}
	return spread{(sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[0], sorted[n-1]}
}

// writeTable writes, for each figure and system, median, spread and the ratio to
// the first system's median.
func writeTable(out io.Writer, systems []System, runs []Run) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "figure\tsystem\tmedian\tmin\tmax\tratio")
	for _, f := range figures() {
		first := 0.0
		for i, s := range systems {
			sp := spreadOf(valuesOf(runs, s.Name, f.of))
			if i == 0 {
				first = sp.median
			}
			ratio := "-"
			if first != 0 && sp.median != 0 { // 0 stands for what is not known
				ratio = fmt.Sprintf("%.2f", sp.median/first)
			}
			fmt.Fprintf(w, "%s\t%s\t"+f.format+"\t"+f.format+"\t"+f.format+"\t%s\n", f.name, s.Name, sp.median, sp.low, sp.high, ratio)
		}
	}
	w.Flush()
}

func valuesOf(runs []Run, system string, of func(Run) float64) (values []float64) {
	for _, r := range runs {
		if r.System == system {
			values = append(values, of(r))
		}
	}
	return values
}

// writeCSV writes one row for each run.
func writeCSV(path string, runs []Run) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := csv.NewWriter(f)
	w.Write([]string{"round", "system", "tps", "average_rt_ms", "p99_rt_ms", "max_rt_ms", "failed", "cpu_us_per_message", "rss_mib", "ready_ms"})
	for _, r := range runs {
		w.Write([]string{strconv.Itoa(r.Round), r.System, fmt.Sprintf("%.0f", r.TPS), fmt.Sprintf("%.3f", r.MeanMillis), fmt.Sprintf("%.3f", r.P99Millis),
			fmt.Sprintf("%.0f", r.MaxMillis), strconv.FormatInt(r.Failed, 10), fmt.Sprintf("%.2f", r.CPUMicros),
			fmt.Sprintf("%.1f", r.RSSMiB), strconv.FormatInt(r.ReadyMillis, 10)})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return f.Close()
}
