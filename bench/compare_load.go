package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
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
	usage   func() usage

	begin, end   reading // of the whole run
	reports      []reading
	total        int64 // messages, from the line at the end; 0 without one
	p99Millis    float64
	rssPeakBytes int64
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
	failedPattern = regexp.MustCompile(`(?:Send Failed|Response Failed|FAIL|Consume Fail): *(\d+)`)
	p99Pattern    = regexp.MustCompile(`^Latency\(ms\).* P99: *([\d.]+)`)
	totalPattern  = regexp.MustCompile(`^\[Complete\] Send Total: *(\d+)`)
)

// stopLoadBound is how long a stopped load may take to end.
const stopLoadBound = 20 * time.Second

func (l *load) run(ctx context.Context) error {
	command := exec.Command(l.argv[0], l.argv[1:]...)
	command.Stderr = os.Stderr
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
	running.Go(func() { l.bound(watching, command.Process.Pid) })
	l.read(lines)
	if l.total == 0 {
		l.end = reading{at: time.Now(), usage: l.usage()}
	}
	err = command.Wait()
	stop()
	running.Wait()
	if len(l.reports) == 0 && l.total == 0 {
		return fmt.Errorf("load %q printed no line of the benchmark: %v", l.argv, err)
	}
	return ctx.Err()
}

// bound stops the load when its time is over.
func (l *load) bound(ctx context.Context, pid int) {
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

func (l *load) read(lines io.Reader) {
	scanner := bufio.NewScanner(lines)
	for scanner.Scan() {
		l.line(scanner.Text())
	}
}

func (l *load) line(text string) {
	l.p99Millis = max(l.p99Millis, number(p99Pattern.FindStringSubmatch(text)))
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
	l.rssPeakBytes = max(l.rssPeakBytes, r.usage.rssBytes)
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
	r.RSSMiB = float64(l.rssPeakBytes) / (1 << 20)
	r.Failed, r.P99Millis = l.end.failed, l.p99Millis
	if n := len(l.reports); n > 0 {
		r.Failed = max(r.Failed, l.reports[n-1].failed)
	}
	if len(l.reports) < 2 {
		l.fillWhole(r)
		return
	}
	first, counted := l.reports[0], l.reports[1:]
	last := counted[len(counted)-1]
	var messages, millisSum float64
	from := first.at
	for _, c := range counted {
		n := c.tps * c.at.Sub(from).Seconds()
		messages += n
		millisSum += n * c.meanMillis
		r.MaxMillis = max(r.MaxMillis, c.maxMillis)
		from = c.at
	}
	r.TPS = perSecond(messages, last.at.Sub(first.at))
	if messages > 0 {
		r.MeanMillis = millisSum / messages
		r.CPUMicros = float64((last.usage.cpu - first.usage.cpu).Microseconds()) / messages
	}
}

func (l *load) fillWhole(r *Run) {
	messages := float64(l.total)
	r.TPS, r.MeanMillis, r.MaxMillis = perSecond(messages, l.end.at.Sub(l.begin.at)), l.end.meanMillis, l.end.maxMillis
	if len(l.reports) == 1 && l.total == 0 {
		only := l.reports[0]
		r.TPS, r.MeanMillis, r.MaxMillis = only.tps, only.meanMillis, only.maxMillis
		messages = only.tps * l.end.at.Sub(l.begin.at).Seconds()
	}
	if messages > 0 {
		r.CPUMicros = float64((l.end.usage.cpu - l.begin.usage.cpu).Microseconds()) / messages
	}
}

func perSecond(n float64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return n / d.Seconds()
}
