package bench

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"
)

func (r Run) String() string {
	return fmt.Sprintf("%s, round %d, %s: %.0f/s, mean %.3f ms, P99 %.3f ms, failed %d, CPU %.1f µs and %.0f disk bytes a message, resident %.0f MiB, ready in %.0f ms",
		r.Load, r.Round, r.System, r.TPS, r.MeanMillis, r.P99Millis, r.Failed, r.CPUMicros, r.DiskBytes, r.RSSMiB, r.ReadyMillis)
}

// String is what every table stands under.
func (m Machine) String() string {
	return fmt.Sprintf("%s, %d cores, %.1f GiB of memory, kernel %s, disk: %s, load %s, %s", m.CPU, m.Cores, float64(m.MemoryBytes)/(1<<30), m.Kernel, m.Disk, m.Load, m.Go)
}

// WriteText writes where the figures were taken, and a table for each load: median, spread and the ratio to the first system's median.
func (r *Report) WriteText(out io.Writer) error {
	fmt.Fprintf(out, "%s, gantry %s\n%s\n", r.Begun.Format(time.RFC3339), r.Release, r.Machine)
	for _, s := range r.Systems {
		fmt.Fprintf(out, "%s: %s\n", s.Name, s.Facts)
	}
	for _, l := range r.Loads {
		fmt.Fprintf(out, "\n== %s: %s ==\n%s\n", l.Name, l.Title, l.Command)
		if l.Unit != "" {
			r.writeCurve(out, l)
			continue
		}
		r.writeTable(out, l)
	}
	r.writeBars(out)
	for _, n := range r.Notes {
		fmt.Fprintln(out, "Note:", n)
	}
	return nil
}

func (r *Report) writeTable(out io.Writer, l LoadReport) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "figure\tsystem\tmedian\tmin\tmax\tratio\truns")
	for _, f := range figures() {
		if !f.zero && !f.known(r.Runs, l.Name) {
			continue
		}
		first := f.spread(r.Runs, l.Name, l.Systems[0])
		for _, s := range l.Systems {
			sp := f.spread(r.Runs, l.Name, s)
			if sp.n == 0 {
				fmt.Fprintf(w, "%s\t%s\t-\t-\t-\t-\t0\n", f.name, s)
				continue
			}
			fmt.Fprintf(w, "%s\t%s\t"+f.format+"\t"+f.format+"\t"+f.format+"\t%s\t%d\n", f.name, s, sp.median, sp.low, sp.high, ratio(sp, first), sp.n)
		}
	}
	w.Flush()
}

// ratio is that of two medians, "-" where one is not known.
func ratio(of, to spread) string {
	if of.n == 0 || to.median == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", of.median/to.median)
}

func (r *Report) writeBars(out io.Writer) {
	if len(r.Bars) == 0 {
		return
	}
	fmt.Fprintln(out, "\n== bars ==")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tbar\tmeasured\t\truns")
	for _, b := range r.Bars {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\n", b.What, b.Bar, b.Measured, b.Verdict, b.Runs)
	}
	w.Flush()
}

// WriteCSV writes one row for each run; each says what durability and which machine its figures belong to.
func (r *Report) WriteCSV(out io.Writer) error {
	w := csv.NewWriter(out)
	head := []string{"load", "round", "system", "version", "flush_disk_type", "broker_role", "copies"}
	for _, f := range figures() {
		head = append(head, f.key)
	}
	w.Write(append(head, "point", "machine"))
	for _, run := range r.Runs {
		s := r.system(run.System)
		row := []string{run.Load, strconv.Itoa(run.Round), run.System, s.Version, s.FlushDiskType, s.BrokerRole, strconv.Itoa(s.Copies)}
		for _, f := range figures() {
			row = append(row, fmt.Sprintf(f.format, f.of(run)))
		}
		w.Write(append(row, strconv.FormatFloat(s.Point, 'f', -1, 64), r.Machine.String()))
	}
	w.Flush()
	return w.Error()
}
