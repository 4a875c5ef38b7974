package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
)

func compareCommand() *cli.Command {
	return &cli.Command{
		Name:  "compare",
		Usage: "run loads against several systems in turn: medians, spread, ratios, CPU, memory, disk, as text, CSV, JSON and an HTML page",
		Description: "Systems are named and either started, with {dir} standing for a fresh folder, or running already:\n" +
			"  gantry bench compare --rounds 5 --seconds 30 --csv out.csv \\\n" +
			"    --start 'gantry=127.0.0.1:9876=bin/gantry standalone --data {dir} --listen 127.0.0.1:9876' \\\n" +
			"    --running 'real=127.0.0.1:19876=4711' \\\n" +
			"    --load 'bin/gantry bench producer -n {addr} -w 64 -s 1024'\n" +
			"The first system is what the others are measured against. The load is any command that prints the official\n" +
			"benchmark's lines; without --load it is this program's own producer with 64 senders of 1024 bytes.\n" +
			"{port} stands for a free port; the address `told` for the one in a line \"ready namesrv=HOST:PORT\" that the command prints.\n\n" +
			"--quick and --full run all of the project's loads against Gantry (standalone, proxy and node, node with direct routes), a server\n" +
			"that stores nothing and, with --real, the real servers 4.9.7 and 5.3.3; `make bench-report` has everything they need.",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "quick", Usage: "all loads, two rounds, at most about 20 minutes: whether all is well, not who is faster"},
			&cli.BoolFlag{Name: "full", Usage: "all loads, five rounds and one that counts for nothing, at most about 120 minutes"},
			&cli.StringFlag{Name: "only", Usage: "of --quick or --full the `LOADS` named, commas between them"},
			&cli.StringFlag{Name: "real", Usage: "`PROGRAM` that runs the real servers (tools/compat/cmd/realbroker)"},
			&cli.StringFlag{Name: "jvm", Value: raceJVM, Usage: "`FLAGS` of the real servers' JVMs"},
			&cli.StringFlag{Name: "official", Usage: "`CLASSPATH` of the official benchmark, which then is the load where a bar names it; else this program's own"},
			&cli.StringSliceFlag{Name: "start", Usage: "a system to start, `NAME=HOST:PORT=COMMAND`; repeatable"},
			&cli.StringSliceFlag{Name: "running", Usage: "a system that runs, `NAME=HOST:PORT[=PID]`; repeatable"},
			&cli.IntFlag{Name: "rounds", Value: 3, Usage: "`ROUNDS` of one run against each system"},
			&cli.StringFlag{Name: "load", Usage: "`COMMAND` of the load"},
			&cli.IntFlag{Name: "seconds", Value: 30, Usage: "stop the load after so many `SECONDS`, 0: it ends itself"},
			&cli.BoolFlag{Name: "warmup", Usage: "begin with a round that counts for nothing"},
		}, resultFlags()...),
		Action: untilStopped(func(ctx context.Context, c *cli.Context) error {
			o, err := compareOptions(c)
			if err != nil {
				return err
			}
			return Compare(ctx, o, c.App.Writer)
		}),
	}
}

// resultFlags say where stores are made and what is written.
func resultFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "stores", Usage: "`DIR` where stores are made, each in a folder of its own that goes at the end; default: the one for temporary files"},
		&cli.StringFlag{Name: "out", Usage: "write runs.csv, report.json, index.html and each run's histogram to `DIR`"},
		&cli.StringFlag{Name: "csv", Usage: "write one row for each run to `FILE`"},
		&cli.StringFlag{Name: "json", Usage: "write everything to `FILE`"},
		&cli.StringFlag{Name: "html", Usage: "write a page with tables and plots to `FILE`"},
	}
}

func resultOptions(c *cli.Context) (CompareOptions, error) {
	o := CompareOptions{Release: c.App.Version, Progress: terminal(os.Stderr), StoreDir: c.String("stores"),
		CSVPath: c.String("csv"), JSONPath: c.String("json"), HTMLPath: c.String("html")}
	if dir := c.String("out"); dir != "" {
		if err := o.keepIn(dir); err != nil {
			return o, err
		}
	}
	return o, nil
}

func compareOptions(c *cli.Context) (CompareOptions, error) {
	o, err := resultOptions(c)
	if err != nil {
		return o, err
	}
	o.Rounds, o.Warmup = c.Int("rounds"), c.Bool("warmup")
	if c.Bool("quick") || c.Bool("full") {
		err = raceOptions(c, &o)
	} else {
		err = givenOptions(c, &o)
	}
	return o, err
}

// keepIn has all results written to a folder.
func (o *CompareOptions) keepIn(dir string) error {
	o.KeepDir = dir
	for name, path := range map[string]*string{"runs.csv": &o.CSVPath, "report.json": &o.JSONPath, "index.html": &o.HTMLPath} {
		if *path == "" {
			*path = filepath.Join(dir, name)
		}
	}
	return os.MkdirAll(dir, 0o755)
}

// givenOptions are systems and one load from the command line.
func givenOptions(c *cli.Context, o *CompareOptions) error {
	for _, text := range c.StringSlice("start") {
		s, err := parseStart(text)
		if err != nil {
			return err
		}
		o.Systems = append(o.Systems, s)
	}
	for _, text := range c.StringSlice("running") {
		s, err := parseRunning(text)
		if err != nil {
			return err
		}
		o.Systems = append(o.Systems, s)
	}
	argv, err := splitWords(c.String("load"))
	if err == nil && len(argv) == 0 {
		argv, err = ownLoad()
	}
	o.Loads = []Load{{Name: "load", Title: strings.Join(argv, " "), Argv: argv, Seconds: c.Int("seconds"), Fresh: true}}
	return err
}

func ownLoad() ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return []string{self, "bench", "producer", "-n", "{addr}", "-w", "64", "-s", "1024", "-ri", "2000", "--histogram", "{histogram}"}, nil
}

var errOneOf = errors.New("--quick and --full have systems and loads of their own: they go with each other as little as with --start, --running and --load")

// raceOptions are the project's own systems and loads.
func raceOptions(c *cli.Context, o *CompareOptions) error {
	if c.Bool("quick") && c.Bool("full") || c.IsSet("start") || c.IsSet("running") || c.IsSet("load") {
		return errOneOf
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	size := quickRace()
	if c.Bool("full") {
		size = fullRace()
	}
	if c.IsSet("rounds") {
		size.rounds = c.Int("rounds")
	}
	if c.IsSet("seconds") {
		size = size.ofSeconds(c.Int("seconds"))
	}
	if c.IsSet("warmup") {
		size.warmup = c.Bool("warmup")
	}
	r := race{size: size, self: self, release: c.App.Version, real: c.String("real"), jvm: c.String("jvm"), official: c.String("official")}
	return r.fill(o, c.String("only"))
}

// only keeps the loads named, and those that their rates come from.
func only(loads []Load, names string) ([]Load, error) {
	if names == "" {
		return loads, nil
	}
	wanted := map[string]bool{}
	for _, name := range strings.Split(names, ",") {
		wanted[name] = false
	}
	var kept []Load
	for i := len(loads) - 1; i >= 0; i-- {
		l := loads[i]
		if _, named := wanted[l.Name]; !named {
			continue
		}
		wanted[l.Name] = true
		if l.Rate.load != "" {
			wanted[l.Rate.load] = false // it comes before: it is met later in this loop
		}
		kept = append([]Load{l}, kept...)
	}
	for name, found := range wanted {
		if !found {
			return nil, fmt.Errorf("option --only: no load is named %q", name)
		}
	}
	return kept, nil
}
