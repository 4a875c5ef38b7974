package localcluster

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Errors of a member.
var (
	ErrRunning    = errors.New("is running")
	ErrNotRunning = errors.New("is not running")
	ErrEnded      = errors.New("ended by itself")
	ErrEndedBadly = errors.New("ended badly")
	ErrWouldNot   = errors.New("did not end and was killed")
)

// Member is one process of the cluster, through all its lives.
type Member struct {
	Name    string // proxy1, proxy2…; a master has its brokerName, a slave that and its brokerId
	IP      string
	Address string // a proxy's name server, a node's own port

	// A node's.
	Shard     string // brokerName
	ID        int64  // brokerId
	Store     string // its folder
	HAAddress string // where slaves dial it

	binary, dir string
	stopBound   time.Duration
	host        int
	network     network
	args        []string
	properties  map[string]string

	cmd     *exec.Cmd
	exited  chan struct{} // closed when cmd has ended
	stopped bool          // by SIGSTOP
}

func (c *Cluster) member(name string, host, port int) *Member {
	ip := c.network.ip(host)
	return &Member{Name: name, IP: ip, Address: net.JoinHostPort(ip, strconv.Itoa(port)),
		binary: c.config.Binary, dir: c.config.Dir, stopBound: c.config.StopBound, host: host, network: c.network}
}

// Configure changes a property from the next start on; with an empty value it is no longer set.
func (m *Member) Configure(key, value string) {
	if m.properties[key] = value; value == "" {
		delete(m.properties, key)
	}
}

// Start runs the process; that it serves is to be awaited.
func (m *Member) Start() error {
	if m.cmd != nil {
		return fmt.Errorf("start %s: %w", m.Name, ErrRunning)
	}
	file := filepath.Join(m.dir, m.Name+".properties")
	if err := os.WriteFile(file, propertiesText(m.properties), 0o666); err != nil {
		return fmt.Errorf("configure %s: %w", m.Name, err)
	}
	out, err := os.OpenFile(m.outputFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("start %s: %w", m.Name, err)
	}
	defer out.Close()
	cmd := m.network.command(m.host, m.binary, append(m.args, "-c", file)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = m.dir, out, out
	cmd.Env = append(os.Environ(), "HOME="+m.dir)
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", m.Name, err)
	}
	exited := make(chan struct{})
	go func() {
		// How it ended is asked of cmd.ProcessState.
		_ = cmd.Wait()
		close(exited)
	}()
	m.cmd, m.exited = cmd, exited
	return nil
}

func merge(own, added map[string]string) map[string]string {
	maps.Copy(own, added)
	return own
}

func propertiesText(properties map[string]string) []byte {
	var text []byte
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		text = fmt.Appendf(text, "%s=%s\n", key, properties[key])
	}
	return text
}

// Running reports whether the process was started and not ended, by anybody.
func (m *Member) Running() bool {
	if m.cmd == nil {
		return false
	}
	select {
	case <-m.exited:
		return false
	default:
		return true
	}
}

// signal sends a signal by process id; an error says that there was nobody to
// take it.
func (m *Member) signal(s syscall.Signal) error {
	switch {
	case m.cmd == nil:
		return fmt.Errorf("%v to %s: %w", s, m.Name, ErrNotRunning)
	case !m.Running():
		return fmt.Errorf("%v to %s: %w%s", s, m.Name, ErrEnded, m.tail())
	}
	if err := m.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("%v to %s: %w", s, m.Name, err)
	}
	return nil
}

// Kill ends the process with SIGKILL, as a crash does.
func (m *Member) Kill() error {
	if err := m.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-m.exited
	m.cmd, m.stopped = nil, false
	return nil
}

// Terminate ends the process with SIGTERM and waits until it has ended well.
func (m *Member) Terminate() error {
	if err := m.signal(syscall.SIGTERM); err != nil {
		return err
	}
	return m.awaitEnd(nil)
}

// Stop keeps the process from running (SIGSTOP) until Continue; its connections
// stay open. It returns when no thread of it runs any more.
func (m *Member) Stop() error {
	if err := m.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	m.stopped = true
	return m.awaitStopped()
}

// Continue undoes Stop.
func (m *Member) Continue() error {
	if err := m.signal(syscall.SIGCONT); err != nil {
		return err
	}
	m.stopped = false
	return nil
}

// awaitEnd waits for the end after a SIGTERM; at each tick of again it is sent
// once more.
func (m *Member) awaitEnd(again <-chan time.Time) error {
	bound := time.NewTimer(m.stopBound)
	defer bound.Stop()
	for m.cmd != nil {
		select {
		case <-again:
			_ = m.signal(syscall.SIGTERM) // it may have ended just now
		case <-bound.C:
			return errors.Join(fmt.Errorf("%s: %w after %v%s", m.Name, ErrWouldNot, m.stopBound, m.tail()), m.Kill())
		case <-m.exited:
			code := m.cmd.ProcessState.ExitCode()
			m.cmd = nil
			if code != 0 {
				return fmt.Errorf("%s: %w, with code %d%s", m.Name, ErrEndedBadly, code, m.tail())
			}
		}
	}
	return nil
}

// close ends the process without waiting for others to take over from it, and
// looks for what it may have printed in all its lives.
func (m *Member) close() error {
	var errs []error
	if m.cmd != nil {
		if err := m.signal(syscall.SIGTERM); err != nil {
			errs = append(errs, err)
		} else {
			again := time.NewTicker(200 * time.Millisecond) // the second ends a drain
			defer again.Stop()
			errs = append(errs, m.awaitEnd(again.C))
		}
	}
	return errors.Join(append(errs, m.checkOutput())...)
}

func (m *Member) outputFile() string { return filepath.Join(m.dir, m.Name+".out") }

// Output is everything the member has printed in all its lives.
func (m *Member) Output() (string, error) {
	text, err := os.ReadFile(m.outputFile())
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

// tail is how the output ends, for an error.
func (m *Member) tail() string {
	const mostBytes = 4000
	text, err := m.Output()
	if err != nil {
		return "\n" + err.Error()
	}
	return "\n" + text[max(0, len(text)-mostBytes):]
}

// ErrPrinted says that a process told of a bug of its own.
var ErrPrinted = errors.New("printed")

// checkOutput looks for what Go's runtime prints of a program that has a bug.
func (m *Member) checkOutput() error {
	text, err := m.Output()
	if err != nil {
		return err
	}
	for _, bug := range []string{"panic: ", "fatal error: ", "WARNING: DATA RACE", "BUG: "} {
		if at := strings.Index(text, bug); at >= 0 {
			return fmt.Errorf("%s: %w %s", m.Name, ErrPrinted, text[at:min(len(text), at+4000)])
		}
	}
	return nil
}
