package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"gantry/tools/client"
)

// System is one of those compared.
type System struct {
	Name   string
	Title  string
	Addr   string        // of its name server; {port} stands for a free one; "told": the command prints a line "ready …"
	Start  []string      // argv; {dir} stands for a fresh folder, {port} as in Addr; nil: it runs already
	PID    int           // of one that runs already, 0: its usage is not known
	Stated Facts         // what it does not say of itself
	Starts time.Duration // and stops, about; for the budget
	Shards int           // that must be there before it is ready, 0: one

	Point float64           // where it stands on a load's curve
	Words map[string]string // what else stands in braces in the commands of loads, by name
}

// toldAddr stands for the address that a "ready" line names.
const toldAddr = "told"

// started is a system while it runs.
type started struct {
	addr    string // of its name servers
	pid     int
	ready   time.Duration // from start to the first route; 0 where it ran already
	command *exec.Cmd
	ended   chan error
	dir     string
	output  sync.WaitGroup // of what reads it
	beside  *started       // what runs beside the load; nil: nothing
}

// readyBound is how long a system may take to start, stopBound to stop.
const (
	readyBound = 2 * time.Minute
	stopBound  = time.Minute
)

// start makes the system's folder in storeDir, "" being the one for temporary files.
func (s System) start(ctx context.Context, storeDir string) (*started, error) {
	if len(s.Start) == 0 {
		return &started{addr: s.Addr, pid: s.PID}, s.awaitReady(ctx, s.Addr, nil)
	}
	dir, err := os.MkdirTemp(storeDir, "gantry-compare-")
	if err != nil {
		return nil, err
	}
	st := &started{dir: dir, ended: make(chan error, 1)}
	port, err := s.freePort()
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	replace := strings.NewReplacer("{dir}", dir, "{port}", port)
	st.addr = replace.Replace(s.Addr)
	argv := make([]string, len(s.Start))
	for i, word := range s.Start {
		argv[i] = replace.Replace(word)
	}
	begin := time.Now()
	told, err := st.run(argv, "ready ")
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	err = s.awaitTold(ctx, st, told)
	if err == nil {
		err = s.awaitReady(ctx, st.addr, st.ended)
	}
	if err != nil {
		err = fmt.Errorf("%w%s", err, st.logTail())
		st.stop()
		return nil, err
	}
	if st.ready == 0 {
		st.ready = time.Since(begin)
	}
	return st, nil
}

// freePort is one for {port}, "" where that does not stand anywhere.
func (s System) freePort() (string, error) {
	if !slices.ContainsFunc(append(s.Start, s.Addr), func(word string) bool { return strings.Contains(word, "{port}") }) {
		return "", nil
	}
	port, err := freeBlock()
	return strconv.Itoa(port), err
}

// run starts the command and gives its first line that begins so, when it comes.
func (st *started) run(argv []string, begins string) (told chan string, err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	st.command = exec.Command(argv[0], argv[1:]...)
	log, err := os.Create(st.logPath())
	if err != nil {
		return nil, errors.Join(err, read.Close(), write.Close())
	}
	defer log.Close()
	st.command.Stdout, st.command.Stderr = write, log
	st.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = st.command.Start()
	write.Close()
	if err != nil {
		read.Close()
		return nil, err
	}
	st.pid, told = st.command.Process.Pid, make(chan string, 1)
	st.output.Go(func() {
		defer read.Close()
		for lines := bufio.NewScanner(read); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), begins) && len(told) == 0 {
				told <- lines.Text()
			}
		}
	})
	go func() { st.ended <- st.command.Wait() }() // stop waits for it
	return told, nil
}

// logPath is what the system prints as errors and does not say on its output.
func (st *started) logPath() string { return filepath.Join(st.dir, "bench-compare.log") }

// logTail is the end of that, for who must learn why it does not start.
func (st *started) logTail() string {
	const most = 500
	text, err := os.ReadFile(st.logPath())
	if err != nil || len(text) == 0 {
		return ""
	}
	return ": …" + string(text[max(0, len(text)-most):])
}

var (
	toldAddrPattern = regexp.MustCompile(`(?:proxy|namesrv)=(\S+)`)
	toldTookPattern = regexp.MustCompile(`tookMillis=(\d+)`)
)

// awaitTold takes address, and how long the start took where that is said, from the system's own line, if that is where they are.
func (s System) awaitTold(ctx context.Context, st *started, told chan string) error {
	if s.Addr != toldAddr {
		return nil
	}
	select {
	case line := <-told:
		addr := toldAddrPattern.FindStringSubmatch(line)
		if addr == nil {
			return fmt.Errorf("%s names no address: %q", s.Name, line)
		}
		st.addr = addr[1]
		st.ready = time.Duration(number(toldTookPattern.FindStringSubmatch(line))) * time.Millisecond
		return nil
	case why := <-st.ended:
		st.ended <- why
		return fmt.Errorf("%s ended before it was ready: %v", s.Name, why)
	case <-time.After(readyBound):
		return fmt.Errorf("%s said nothing within %v", s.Name, readyBound)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// awaitReady asks each name server until it gives a route.
func (s System) awaitReady(ctx context.Context, addrs string, ended chan error) error {
	ctx, cancel := context.WithTimeout(ctx, readyBound)
	defer cancel()
	for addr := range strings.SplitSeq(addrs, ";") {
		if err := s.awaitRoute(ctx, addr, ended); err != nil {
			return err
		}
	}
	return nil
}

func (s System) awaitRoute(ctx context.Context, addr string, ended chan error) error {
	c, err := client.Open(client.Config{Namesrv: []string{addr}, RequestMillis: 500})
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		err := s.serves(ctx, c)
		if err == nil {
			return nil
		}
		select {
		case why := <-ended:
			ended <- why
			return fmt.Errorf("%s ended before it was ready: %v", s.Name, why)
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", s.Name, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// serves says whether there is a broker to send new topics to, one of each shard: the default topic has a route. Clusters are not
// asked for, since a 5.x proxy knows none.
func (s System) serves(ctx context.Context, c *client.Client) error {
	bounded, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	route, err := c.FetchRoute(bounded, defaultTopic)
	if err == nil && len(route.Publish) == 0 {
		err = fmt.Errorf("the route of %s has no queue to write to", defaultTopic)
	}
	if err == nil && len(route.Data.BrokerDatas) < s.Shards {
		err = fmt.Errorf("the route of %s has %d of %d shards", defaultTopic, len(route.Data.BrokerDatas), s.Shards)
	}
	return err
}

// usage is zero where the process is not known.
func (st *started) usage() usage {
	if st.pid == 0 {
		return usage{}
	}
	u, err := usageOf(st.pid)
	if err != nil {
		return usage{} // it has ended: the load's failures tell
	}
	return u
}

// stop ends what start began: its whole process group, so that no rival is left
// on the ports.
func (st *started) stop() {
	if st.beside != nil {
		st.beside.stop()
	}
	if st.command == nil {
		return
	}
	syscall.Kill(-st.pid, syscall.SIGTERM)
	select {
	case <-st.ended:
	case <-time.After(stopBound):
		syscall.Kill(-st.pid, syscall.SIGKILL)
		<-st.ended
	}
	syscall.Kill(-st.pid, syscall.SIGKILL) // children that outlived it
	st.output.Wait()
	os.RemoveAll(st.dir)
}
