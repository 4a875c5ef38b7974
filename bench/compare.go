package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
)

// CompareOptions say what is compared and how often.
type CompareOptions struct {
	Systems []System
	Rounds  int
	Load    []string // argv; {addr} stands for the system's address
	Seconds int      // after which the load is stopped, 0: it ends itself
	Warmup  bool     // one round before that counts for nothing
	CSVPath string   // one row for each run, "": none
}

func compareCommand() *cli.Command {
	return &cli.Command{
		Name:  "compare",
		Usage: "run one load against several systems in turn: medians, spread, ratios, CPU, memory, CSV",
		Description: "Systems are named and either started, with {dir} standing for a fresh folder, or running already:\n" +
			"  gantry bench compare --rounds 5 --seconds 30 --csv out.csv \\\n" +
			"    --start 'gantry=127.0.0.1:9876=bin/gantry standalone --data {dir} --listen 127.0.0.1:9876' \\\n" +
			"    --running 'real=127.0.0.1:19876=4711' \\\n" +
			"    --load 'bin/gantry bench producer -n {addr} -w 64 -s 1024'\n" +
			"The first system is what the others are measured against. The load is any command that prints the official\n" +
			"benchmark's lines; without --load it is this program's own producer with 64 senders of 1024 bytes.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "start", Usage: "a system to start, `NAME=HOST:PORT=COMMAND`; repeatable"},
			&cli.StringSliceFlag{Name: "running", Usage: "a system that runs, `NAME=HOST:PORT[=PID]`; repeatable"},
			&cli.IntFlag{Name: "rounds", Value: 3, Usage: "`ROUNDS` of one run against each system"},
			&cli.StringFlag{Name: "load", Usage: "`COMMAND` of the load"},
			&cli.IntFlag{Name: "seconds", Value: 30, Usage: "stop the load after so many `SECONDS`, 0: it ends itself"},
			&cli.BoolFlag{Name: "warmup", Usage: "begin with a round that counts for nothing"},
			&cli.StringFlag{Name: "csv", Usage: "write one row for each run to `FILE`"},
		},
		Action: untilStopped(func(ctx context.Context, c *cli.Context) error {
			o, err := compareOptions(c)
			if err != nil {
				return err
			}
			return Compare(ctx, o, c.App.Writer)
		}),
	}
}

func compareOptions(c *cli.Context) (CompareOptions, error) {
	o := CompareOptions{Rounds: c.Int("rounds"), Seconds: c.Int("seconds"), Warmup: c.Bool("warmup"), CSVPath: c.String("csv")}
	for _, text := range c.StringSlice("start") {
		s, err := parseStart(text)
		if err != nil {
			return o, err
		}
		o.Systems = append(o.Systems, s)
	}
	for _, text := range c.StringSlice("running") {
		s, err := parseRunning(text)
		if err != nil {
			return o, err
		}
		o.Systems = append(o.Systems, s)
	}
	var err error
	if o.Load, err = splitWords(c.String("load")); err != nil {
		return o, err
	}
	if len(o.Load) == 0 {
		o.Load, err = ownLoad()
	}
	return o, err
}

func ownLoad() ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return []string{self, "bench", "producer", "-n", "{addr}", "-w", "64", "-s", "1024", "-ri", "2000"}, nil
}

// Compare runs the rounds and writes the table to out, and each run's figures
// beforehand.
func Compare(ctx context.Context, o CompareOptions, out io.Writer) error {
	if len(o.Systems) == 0 || o.Rounds < 1 {
		return fmt.Errorf("nothing to compare: %d systems, %d rounds", len(o.Systems), o.Rounds)
	}
	if o.Warmup {
		for _, s := range o.Systems {
			if _, err := o.run(ctx, s, 0); err != nil {
				return err
			}
		}
	}
	var runs []Run
	for round := 1; round <= o.Rounds; round++ {
		for _, s := range o.Systems {
			r, err := o.run(ctx, s, round)
			if err != nil {
				return fmt.Errorf("round %d of %s: %w", round, s.Name, err)
			}
			fmt.Fprintln(out, r.String())
			runs = append(runs, r)
		}
	}
	writeTable(out, o.Systems, runs)
	if o.CSVPath == "" {
		return nil
	}
	return writeCSV(o.CSVPath, runs)
}

// run is one load against one system, from its start to its end.
func (o CompareOptions) run(ctx context.Context, s System, round int) (Run, error) {
	started, err := s.start(ctx)
	if err != nil {
		return Run{}, err
	}
	defer started.stop()
	r := Run{Round: round, System: s.Name, ReadyMillis: started.ready.Milliseconds()}
	argv := make([]string, len(o.Load))
	for i, word := range o.Load {
		argv[i] = strings.ReplaceAll(word, "{addr}", s.Addr)
	}
	l := load{argv: argv, seconds: o.Seconds, usage: started.usage}
	err = l.run(ctx)
	l.fill(&r)
	return r, err
}
