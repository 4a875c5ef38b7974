package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CompareOptions say what is compared and how often.
type CompareOptions struct {
	Systems  []System
	Loads    []Load
	Bars     []bar
	Rounds   int           // runs of each load against each system
	Warmup   bool          // one round before that counts for nothing
	Budget   time.Duration // when what is left would take longer, loads get fewer rounds, one at least; 0: none
	Notes    []string      // for the report
	Release  string        // of this program, for the report
	Progress io.Writer     // gets a line that is written again and again, nil: none

	StoreDir string // where stores are made, "": the folder for temporary files
	KeepDir  string // where histograms are kept, "": they are not
	CSVPath  string // "": none; so with the others
	JSONPath string
	HTMLPath string
}

// Load is one thing that is done to each system. In its commands {addr} stands for the system's address, {run} for a number that no
// other run has, {rate} for the rate, {histogram} for a file, {scratch} for a folder that goes at the end; a system may have more.
type Load struct {
	Name    string
	Title   string
	Argv    []string // prints the official benchmark's lines; nil: nothing is done, the start is what counts
	Prepare []string // once on each system that was started for the load; nil: nothing
	Seconds int      // after which it is stopped, 0: it ends itself
	Systems []string // by name; the first is what the others are measured against; nil: all
	Fresh   bool     // each run has a system started for it, else all rounds have the same
	Peak    bool     // it runs dry: only reports of at least half the highest rate count
	Rate    rateOf
	Unit    string   // of the systems' points, where they are those of a curve
	Beside  []string // runs beside the load, from Prepare to the system's end; nil: nothing
	Says    string   // Beside's first line, when all of it is there
	Rests   int      // seconds before each run that the system is watched without the load; its CPU then is a figure

	Lasts    time.Duration // of a run, about; for the budget
	Prepares time.Duration // of Prepare, likewise
}

// rateOf is a part of what a system did at most under an earlier load.
type rateOf struct {
	load, system string // "": there is no rate
	part         float64
}

// Compare runs the rounds, the systems in turn, and writes each run's figures and then the tables to out. What fails is noted in the
// report, ends the load for that system, and is an error at the end.
func Compare(ctx context.Context, o CompareOptions, out io.Writer) error {
	if len(o.Systems) == 0 || len(o.Loads) == 0 || o.Rounds < 1 {
		return fmt.Errorf("nothing to compare: %d systems, %d loads, %d rounds", len(o.Systems), len(o.Loads), o.Rounds)
	}
	temporary, err := os.MkdirTemp("", "gantry-compare-scratch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	c := &comparison{options: o, out: out, scratch: temporary, histograms: temporary, number: time.Now().Unix()}
	if o.KeepDir != "" {
		c.histograms = o.KeepDir
	}
	c.report = &Report{Format: reportFormat, Begun: time.Now().Round(time.Second), Release: o.Release, Machine: thisMachine(storesIn(o.StoreDir)), Notes: o.Notes}
	for i, l := range o.Loads {
		c.runLoad(ctx, l, c.roundsFor(i))
		if err := c.save(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			break
		}
	}
	c.report.WriteText(out)
	return errors.Join(append(c.failed, ctx.Err())...)
}

func storesIn(dir string) string {
	if dir == "" {
		return os.TempDir()
	}
	return dir
}

// comparison is one under way.
type comparison struct {
	options    CompareOptions
	out        io.Writer
	report     *Report
	scratch    string // folder
	histograms string // folder
	number     int64  // of the run
	failed     []error
}

// save writes the report as far as it is.
func (c *comparison) save() error {
	c.report.Ended = time.Now().Round(time.Second)
	c.report.Bars = nil
	for _, b := range c.options.Bars {
		c.report.Bars = append(c.report.Bars, b.judge(c.report.Runs))
	}
	return c.report.save(map[string]func(io.Writer) error{
		c.options.CSVPath: c.report.WriteCSV, c.options.JSONPath: c.report.WriteJSON, c.options.HTMLPath: c.report.WriteHTML,
	})
}

func (c *comparison) systems(l Load) (all []System) {
	for _, s := range c.options.Systems {
		if l.Systems == nil {
			all = append(all, s)
		}
	}
	for _, name := range l.Systems {
		if i := slices.IndexFunc(c.options.Systems, func(s System) bool { return s.Name == name }); i >= 0 {
			all = append(all, c.options.Systems[i])
		}
	}
	return all
}

// runLoad runs the rounds of one load.
func (c *comparison) runLoad(ctx context.Context, l Load, rounds int) {
	systems := c.systems(l)
	if len(systems) == 0 {
		c.note(fmt.Errorf("%s is left out: none of its systems is here", l.Name))
		return
	}
	rate, err := c.rate(l)
	if err != nil {
		c.fail(fmt.Errorf("%s: %w", l.Name, err))
		return
	}
	said := LoadReport{Name: l.Name, Title: l.Title, Command: strings.Join(shortened(l.Argv), " "), Rate: rate, Rounds: rounds, Unit: l.Unit}
	for _, s := range systems {
		said.Systems = append(said.Systems, s.Name)
	}
	c.report.Loads = append(c.report.Loads, said)
	f := &field{comparison: c, load: l, rate: rate, started: map[string]*started{}}
	defer f.stop()
	f.run(ctx, systems, rounds)
}

// rate is what {rate} stands for, 0 where the load has none.
func (c *comparison) rate(l Load) (int, error) {
	if l.Rate.load == "" {
		return 0, nil
	}
	tps, _ := figureOf("tps")
	peak := tps.spread(c.report.Runs, l.Rate.load, l.Rate.system)
	rate := int(peak.high * l.Rate.part)
	if rate < 1 {
		return 0, fmt.Errorf("its rate is %g of what %s did under %s, which was not measured", l.Rate.part, l.Rate.system, l.Rate.load)
	}
	return rate, nil
}

func (c *comparison) fail(err error) {
	c.failed = append(c.failed, err)
	c.note(err)
}

func (c *comparison) note(err error) {
	c.report.Notes = append(c.report.Notes, strings.ReplaceAll(err.Error(), "\n", " "))
	fmt.Fprintln(c.out, "Note:", err)
}

// roundsFor is how many rounds a load gets so that all fit into the budget.
func (c *comparison) roundsFor(at int) int {
	o := c.options
	rounds := o.Rounds
	for ; o.Budget > 0 && rounds > 1; rounds-- {
		left := o.Budget - time.Since(c.report.Begun)
		for _, l := range o.Loads[at:] {
			left -= c.lasts(l, rounds)
		}
		if left >= 0 {
			break
		}
	}
	if rounds < o.Rounds {
		c.note(fmt.Errorf("%s has %d rounds instead of %d: all must end within %v", o.Loads[at].Name, rounds, o.Rounds, o.Budget))
	}
	return rounds
}

// lasts is about how long a load takes.
func (c *comparison) lasts(l Load, rounds int) (all time.Duration) {
	if c.options.Warmup && len(l.Argv) > 0 {
		rounds++
	}
	for _, s := range c.systems(l) {
		starts := 1
		if l.Fresh {
			starts = rounds
		}
		all += time.Duration(rounds)*(l.Lasts+time.Duration(l.Rests)*time.Second) + time.Duration(starts)*(s.Starts+l.Prepares)
	}
	return all
}

// histogramPath is where a run's own histogram goes.
func (c *comparison) histogramPath(load, system string, round int) string {
	return filepath.Join(c.histograms, load+"-"+system+"-"+strconv.Itoa(round)+".hgrm")
}
