package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// load is one run of a command that prints the official benchmark's lines, with
// the system's usage noted at each.
type load struct {
	argv    []string
	seconds int
	peak    bool // only reports of at least half the highest rate count
	usage   func() usage

	begin, end reading // of the whole run
	reports    []reading
	total      int64              // messages, from the line at the end; 0 without one
	quantiles  map[string]float64 // ms, by their names in the histogram's line
	atPeak     usage              // when most was resident
}

// reading is a report line and the system's usage when it came.
type reading struct {
	at         time.Time
	usage      usage
	tps        float64
	meanMillis float64
	maxMillis  float64
	failed     int64 // so far
}

var (
	tpsPattern    = regexp.MustCompile(`TPS: *(\d+)`)
	meanPattern   = regexp.MustCompile(`(?:Average|AVG)(?:\(B2C\))? RT(?:\(ms\))?: *([\d.]+)`)
	maxPattern    = regexp.MustCompile(`(?:Max|MAX)(?:\(B2C\))? RT(?:\(ms\))?: *(\d+)`)
	failedPattern = regexp.MustCompile(`(?:Send Failed|Response Failed|FAIL|Consume Fail|Not Arrived): *(\d+)`)
	latencyLine   = regexp.MustCompile(`^(?:B2C )?Latency\(ms\) `)
	namedPattern  = regexp.MustCompile(`([A-Z][A-Za-z0-9.]*): *([\d.]+)`)
	totalPattern  = regexp.MustCompile(`^\[Complete\] Send Total: *(\d+)`)
)

// stopLoadBound is how long a stopped load may take to end.
const stopLoadBound = 20 * time.Second

func (l *load) run(ctx context.Context) error {
	command := exec.Command(l.argv[0], l.argv[1:]...)
	var complaints tail
	command.Stderr = &complaints
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	lines, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	l.begin = reading{at: time.Now(), usage: l.usage()}
	if err := command.Start(); err != nil {
		return fmt.Errorf("start load: %w", err)
	}
	watching, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	begun := make(chan struct{})
	running.Go(func() { l.bound(watching, command.Process.Pid, begun) })
	l.read(lines, begun)
	if l.total == 0 {
		l.end = reading{at: time.Now(), usage: l.usage()}
	}
	err = command.Wait()
	stop()
	running.Wait()
	if len(l.reports) == 0 && l.total == 0 {
		return fmt.Errorf("load %q printed no line of the benchmark: %v %s", shortened(l.argv), err, complaints.text)
	}
	return ctx.Err()
}

// silenceBound is how long a load may take to print its first line.
const silenceBound = time.Minute

// bound stops the load when its time is over, which counts from its first line: a JVM may take long to get there.
func (l *load) bound(ctx context.Context, pid int, begun <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-begun:
	case <-time.After(silenceBound):
	}
	over := make(<-chan time.Time)
	if l.seconds > 0 {
		over = time.After(time.Duration(l.seconds) * time.Second)
	}
	select {
	case <-ctx.Done():
	case <-over:
	}
	syscall.Kill(-pid, syscall.SIGTERM)
	select {
	case <-ctx.Done():
	case <-time.After(stopLoadBound):
	}
	syscall.Kill(-pid, syscall.SIGKILL)
}

func (l *load) read(lines io.Reader, begun chan<- struct{}) {
	scanner := bufio.NewScanner(lines)
	for first := true; scanner.Scan(); first = false {
		if first {
			close(begun)
		}
		l.line(scanner.Text())
	}
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 500
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-most):]
	return len(p), nil
}

// shortened leaves out what nobody reads: class paths.
func shortened(argv []string) []string {
	short := slices.Clone(argv)
	if i := slices.Index(short, "-cp"); i >= 0 && i+1 < len(short) {
		short[i+1] = "CLASSPATH"
	}
	return short
}

func (l *load) line(text string) {
	if latencyLine.MatchString(text) {
		l.quantiles = map[string]float64{}
		for _, m := range namedPattern.FindAllStringSubmatch(text, -1) {
			l.quantiles[m[1]] = number(m[1:])
		}
		return
	}
	if m := totalPattern.FindStringSubmatch(text); m != nil {
		l.total = int64(number(m))
	} else if !tpsPattern.MatchString(text) {
		return
	}
	r := reading{at: time.Now(), usage: l.usage(),
		tps:        number(tpsPattern.FindStringSubmatch(text)),
		meanMillis: number(meanPattern.FindStringSubmatch(text)),
		maxMillis:  number(maxPattern.FindStringSubmatch(text)),
	}
	for _, m := range failedPattern.FindAllStringSubmatch(text, -1) {
		r.failed += int64(number(m))
	}
	if r.usage.rssBytes > l.atPeak.rssBytes {
		l.atPeak = r.usage
	}
	if l.total == 0 {
		l.reports = append(l.reports, r)
		return
	}
	l.end = r
}

func number(match []string) float64 {
	if len(match) < 2 {
		return 0
	}
	n, err := strconv.ParseFloat(match[1], 64)
	if err != nil {
		return 0
	}
	return n
}

// fill gives a run the load's figures: between its first report, before which
// both sides warm up, and its last; of a short run what its end says.
func (l *load) fill(r *Run) {
	r.RSSMiB, r.AnonMiB, r.FileMiB = inMiB(l.atPeak.rssBytes), inMiB(l.atPeak.anonBytes), inMiB(l.atPeak.fileBytes)
	r.P50Millis, r.P90Millis, r.P99Millis, r.P999Millis, r.P9999Millis = l.quantiles["P50"], l.quantiles["P90"], l.quantiles["P99"], l.quantiles["P99.9"], l.quantiles["P99.99"]
	r.Failed = l.end.failed
	if n := len(l.reports); n > 0 {
		r.Failed = max(r.Failed, l.reports[n-1].failed)
	}
	var s stretch
	for i := 1; i < len(l.reports); i++ {
		if !l.peak || l.reports[i].tps >= l.highest()/2 {
			s.add(l.reports[i-1], l.reports[i])
		}
	}
	if s.messages == 0 {
		s = l.whole()
	}
	s.fill(r)
	r.MaxMillis = max(r.MaxMillis, l.quantiles["Max"])
}

func (l *load) highest() (tps float64) {
	for _, r := range l.reports {
		tps = max(tps, r.tps)
	}
	return tps
}

// whole is the run from its beginning to its end.
func (l *load) whole() (s stretch) {
	s.took, s.used, s.maxMillis, s.messages = l.end.at.Sub(l.begin.at), l.end.usage.since(l.begin.usage), l.end.maxMillis, float64(l.total)
	s.millis = s.messages * l.end.meanMillis
	if mean := l.quantiles["Mean"]; l.end.meanMillis == 0 {
		s.millis = s.messages * mean
	}
	if len(l.reports) > 0 && l.total == 0 {
		only := l.reports[0]
		for _, r := range l.reports {
			if r.tps > only.tps {
				only = r
			}
		}
		s = stretch{}
		s.add(l.begin, only)
	}
	return s
}

// stretch is a part of a run, or several.
type stretch struct {
	took      time.Duration
	messages  float64
	millis    float64 // that all messages took together
	maxMillis float64
	used      usage // cpu and writtenBytes
}

// add counts what happened between two reports, by what the later one says.
func (s *stretch) add(from, to reading) {
	took := to.at.Sub(from.at)
	n, used := to.tps*took.Seconds(), to.usage.since(from.usage)
	s.took += took
	s.messages += n
	s.millis += n * to.meanMillis
	s.maxMillis = max(s.maxMillis, to.maxMillis)
	s.used.cpu += used.cpu
	s.used.writtenBytes += used.writtenBytes
}

func (s *stretch) fill(r *Run) {
	if s.messages <= 0 || s.took <= 0 {
		return
	}
	r.TPS, r.MeanMillis, r.MaxMillis = s.messages/s.took.Seconds(), s.millis/s.messages, s.maxMillis
	r.CPUMicros = max(0, float64(s.used.cpu.Microseconds())/s.messages)
	r.DiskBytes = max(0, float64(s.used.writtenBytes)/s.messages)
}
