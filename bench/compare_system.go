package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"gantry/tools/client"
)

// System is one of those compared.
type System struct {
	Name  string
	Addr  string   // of its name server
	Start []string // argv; {dir} stands for a fresh folder; nil: it runs already
	PID   int      // of one that runs already, 0: its usage is not known
}

// started is a system while it runs.
type started struct {
	pid     int
	ready   time.Duration // from start to the first route; 0 where it ran already
	command *exec.Cmd
	ended   chan error
	dir     string
}

// readyBound is how long a system may take to start, stopBound to stop.
const (
	readyBound = 2 * time.Minute
	stopBound  = time.Minute
)

func (s System) start(ctx context.Context) (*started, error) {
	if len(s.Start) == 0 {
		return &started{pid: s.PID}, s.awaitReady(ctx, nil)
	}
	dir, err := os.MkdirTemp("", "gantry-compare-")
	if err != nil {
		return nil, err
	}
	argv := make([]string, len(s.Start))
	for i, word := range s.Start {
		argv[i] = strings.ReplaceAll(word, "{dir}", dir)
	}
	command := exec.Command(argv[0], argv[1:]...)
	command.Stderr = os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	begin := time.Now()
	if err := command.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	st := &started{pid: command.Process.Pid, command: command, ended: make(chan error, 1), dir: dir}
	go func() { st.ended <- command.Wait() }() // stop waits for it
	if err := s.awaitReady(ctx, st.ended); err != nil {
		st.stop()
		return nil, err
	}
	st.ready = time.Since(begin)
	return st, nil
}

// awaitReady asks the name server until it gives a route.
func (s System) awaitReady(ctx context.Context, ended chan error) error {
	ctx, cancel := context.WithTimeout(ctx, readyBound)
	defer cancel()
	c, err := client.Open(client.Config{Namesrv: []string{s.Addr}, RequestMillis: 500})
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		err := serves(ctx, c)
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

// serves says whether there is a broker to send new topics to: the default topic has a route. Clusters are not asked for, since
// a 5.x proxy knows none.
func serves(ctx context.Context, c *client.Client) error {
	bounded, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	route, err := c.FetchRoute(bounded, defaultTopic)
	if err == nil && len(route.Publish) == 0 {
		err = fmt.Errorf("the route of %s has no queue to write to", defaultTopic)
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
	os.RemoveAll(st.dir)
}
