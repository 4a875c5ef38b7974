package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// field is the systems under one load, those that run kept for its other rounds.
type field struct {
	*comparison
	load    Load
	rate    int
	started map[string]*started
}

// run has the systems take turns; one that fails is out.
func (f *field) run(ctx context.Context, systems []System, rounds int) {
	first := 1
	if f.options.Warmup && len(f.load.Argv) > 0 {
		first = 0
	}
	for round := first; round <= rounds; round++ {
		systems = slices.DeleteFunc(systems, func(s System) bool {
			if ctx.Err() != nil {
				return true
			}
			r, err := f.watched(ctx, s, round, rounds)
			if err != nil {
				f.fail(fmt.Errorf("%s, round %d of %s: %w", f.load.Name, round, s.Name, err))
				f.release(s.Name)
				return true
			}
			if round > 0 {
				fmt.Fprintln(f.out, r.String())
				f.report.Runs = append(f.report.Runs, r)
			}
			return false
		})
	}
}

// watched is one run of which a terminal shows that it goes on.
func (f *field) watched(ctx context.Context, s System, round, rounds int) (Run, error) {
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		showProgress(watching, f.options.Progress, func() string { return fmt.Sprintf("%s, round %d of %d, %s", f.load.Name, round, rounds, s.Name) })
	})
	r, err := f.once(ctx, s, round)
	stop()
	watch.Wait()
	return r, err
}

// once is one run against one system.
func (f *field) once(ctx context.Context, s System, round int) (Run, error) {
	r := Run{Load: f.load.Name, System: s.Name, Round: round}
	st := f.started[s.Name]
	if st == nil {
		var err error
		if st, err = f.start(ctx, s); err != nil {
			return r, err
		}
		r.ReadyMillis = inMillis(st.ready)
	}
	if f.load.Fresh {
		defer f.release(s.Name)
	} else {
		defer f.releaseFull(s.Name)
	}
	if len(f.load.Argv) == 0 {
		u := st.usage()
		r.RSSMiB, r.AnonMiB, r.FileMiB = inMiB(u.rssBytes), inMiB(u.anonBytes), inMiB(u.fileBytes)
		return r, ctx.Err()
	}
	if f.load.Rests > 0 {
		r.IdleCPU = st.idleCPU(ctx, time.Duration(f.load.Rests)*time.Second)
	}
	f.number++
	histogram := f.histogramPath(r.Load, r.System, round)
	l := load{argv: f.words(f.load.Argv, s, st.addr, histogram), seconds: f.load.Seconds, peak: f.load.Peak, usage: st.usage}
	if err := l.run(ctx); err != nil {
		return r, err
	}
	l.fill(&r)
	var err error
	r.Curve, err = curveIn(histogram)
	if r.TPS == 0 {
		err = errors.Join(err, fmt.Errorf("load %q got nothing done, %d failed", shortened(l.argv), r.Failed))
	}
	return r, err
}

func (f *field) start(ctx context.Context, s System) (*started, error) {
	st, err := s.start(ctx, f.options.StoreDir)
	if err != nil {
		return nil, err
	}
	f.started[s.Name] = st
	f.describe(ctx, s, st)
	bounded, cancel := context.WithTimeout(ctx, prepareBound)
	defer cancel()
	if len(f.load.Prepare) > 0 {
		argv := f.words(f.load.Prepare, s, st.addr, "")
		if said, err := exec.CommandContext(bounded, argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("prepare with %q: %w: %s", argv, err, said)
		}
	}
	if len(f.load.Beside) > 0 {
		says := f.words([]string{f.load.Says}, s, st.addr, "")[0]
		st.beside, err = startBeside(bounded, f.words(f.load.Beside, s, st.addr, ""), says, f.scratch)
	}
	return st, err
}

// prepareBound is how long what comes before a load may take.
const prepareBound = 10 * time.Minute

// describe puts what the system is into the report, once.
func (f *field) describe(ctx context.Context, s System, st *started) {
	if f.report.system(s.Name).Source == "" {
		f.report.Systems = append(f.report.Systems, SystemReport{Name: s.Name, Title: s.Title, Command: strings.Join(s.Start, " "), Point: s.Point, Facts: s.Stated.learn(ctx, st.addr)})
	}
}

func (f *field) words(argv []string, s System, addr, histogram string) []string {
	pairs := []string{"{addr}", addr, "{run}", strconv.FormatInt(f.number, 10), "{rate}", strconv.Itoa(f.rate), "{histogram}", histogram, "{scratch}", f.scratch}
	for name, value := range s.Words {
		pairs = append(pairs, "{"+name+"}", value)
	}
	replace := strings.NewReplacer(pairs...)
	words := make([]string, len(argv))
	for i, w := range argv {
		words[i] = replace.Replace(w)
	}
	return words
}

// curveIn reads the file that the load kept, nothing where it kept none.
func curveIn(path string) ([]Point, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return ReadPercentiles(file)
}

func (f *field) release(name string) {
	if st := f.started[name]; st != nil {
		st.stop()
	}
	delete(f.started, name)
}

// storeBound is how much a store may hold before its system gets a new one.
const storeBound = 6 << 30

// releaseFull ends a system whose store has grown large: its next run has a new one, and the disk room.
func (f *field) releaseFull(name string) {
	if st := f.started[name]; st != nil && st.dir != "" && diskBytes(st.dir) > storeBound {
		f.release(name)
	}
}

func (f *field) stop() {
	for _, st := range f.started {
		st.stop()
	}
}

func inMiB(n int64) float64 { return float64(n) / (1 << 20) }
