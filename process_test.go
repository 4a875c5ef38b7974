package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"gantry/storenode/vfs"
)

// What this binary is where a test starts it again.
const (
	asEnv     = "GANTRY_TEST_AS"
	asGantry  = "gantry"  // the command itself
	asLocker  = "locker"  // who holds the lock of the file named by its argument until its input ends
	asDrainer = "drainer" // a role whose drain ends only when it is told
)

func TestMain(m *testing.M) {
	switch os.Getenv(asEnv) {
	case asGantry:
		main()
	case asLocker:
		holdLock(os.Args[1])
	case asDrainer:
		runDrainer()
	default:
		os.Exit(m.Run())
	}
}

func holdLock(file string) {
	if _, err := (vfs.OS{}).Lock(file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("locked")
	io.Copy(io.Discard, os.Stdin)
}

// processBound is how long a process may take for anything.
const processBound = 20 * time.Second

// process is a gantry of its own.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout *bufio.Reader
	stderr bytes.Buffer
}

func startAs(t *testing.T, as string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), processBound)
	t.Cleanup(cancel)
	p := &process{t: t, cmd: exec.CommandContext(ctx, os.Args[0], args...)}
	p.cmd.Env = append(os.Environ(), asEnv+"="+as)
	p.cmd.Stderr = &p.stderr
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdin, p.stdout = stdin, bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			p.cmd.Process.Kill()
			p.cmd.Wait()
		}
	})
	return p
}

func gantry(t *testing.T, args ...string) *process {
	t.Helper()
	return startAs(t, asGantry, args...)
}

// line is the next line of what it prints.
func (p *process) line() string {
	p.t.Helper()
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		p.cmd.Wait()
		p.t.Fatalf("it printed %q and no more: %v\n%s", line, err, p.stderr.String())
	}
	return strings.TrimSuffix(line, "\n")
}

// end waits for its end; it returns what it still printed and its exit code.
func (p *process) end() (stdout string, code int) {
	p.t.Helper()
	rest, _ := io.ReadAll(p.stdout)
	p.cmd.Wait()
	return string(rest), p.cmd.ProcessState.ExitCode()
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// stop ends it by SIGTERM and expects that it ends well.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if _, code := p.end(); code != 0 {
		p.t.Errorf("exit code %d\n%s", code, p.stderr.String())
	}
}

// complaints are its log lines above INFO.
func (p *process) complaints() string {
	var found []string
	for line := range strings.Lines(p.stderr.String()) {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}

// freePorts are two ports that were free a moment ago, each with the one two below.
func freePorts(t *testing.T) (one, other int) {
	t.Helper()
	ports := []int{}
	for len(ports) < 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		port := l.Addr().(*net.TCPAddr).Port
		if below, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port-2)); err == nil {
			defer below.Close()
			ports = append(ports, port)
		}
	}
	return ports[0], ports[1]
}

// takenPort is a port that somebody listens on.
func takenPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
