package gossip

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childEnv makes this test binary a member of its own: "host seed".
const childEnv = "GOSSIP_TEST_CHILD"

func TestMain(m *testing.M) {
	if as := os.Getenv(childEnv); as != "" {
		runChild(as)
		return
	}
	os.Exit(m.Run())
}

// runChild lives until its input ends.
func runChild(as string) {
	host, seed, _ := strings.Cut(as, " ")
	g, err := Start(Config{Self: Statement{ID: "child", Role: Node}, BindAddr: host, Seeds: []string{seed},
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("started")
	io.Copy(io.Discard, os.Stdin)
	g.Close()
}

func startChild(t *testing.T, host, seed string) *os.Process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+host+" "+seed)
	said := &logged{}
	cmd.Stderr = said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGCONT)
		stdin.Close()
		cmd.Wait()
		if t.Failed() {
			t.Logf("the child said\n%s", said)
		}
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "started\n" {
		t.Fatalf("the child printed %q: %v\n%s", line, err, said)
	}
	return cmd.Process
}

// A process that is stopped for 10 s, as by a debugger or a machine that is
// moved, is suspected once and alive once, and suspects nobody in turn.
func TestAStoppedProcessComesBackWithoutFlapping(t *testing.T) {
	t.Parallel()
	a := start(t, "a", "127.0.0.1", nil, nil)
	b := start(t, "b", "127.0.0.2", []string{a.seed()}, nil)
	child := startChild(t, "127.0.0.3", a.seed())
	for _, m := range []*member{a, b} {
		m.knows("a alive, b alive, child alive")
	}
	child.Signal(syscall.SIGSTOP)
	stopped := time.Now()
	for _, m := range []*member{a, b} {
		m.knows("a alive, b alive, child suspect")
	}
	t.Logf("suspected after %v", time.Since(stopped))
	time.Sleep(time.Until(stopped.Add(10 * time.Second))) // the length of the stop is what is tested
	child.Signal(syscall.SIGCONT)
	resumed := time.Now()
	for _, m := range []*member{a, b} {
		m.knows("a alive, b alive, child alive")
	}
	t.Logf("alive again after %v", time.Since(resumed))
	time.Sleep(time.Until(resumed.Add(5 * time.Second))) // a storm would show by then
	const want = "a alive, b alive, child alive; a alive, b alive, child suspect; a alive, b alive, child alive"
	for _, m := range []*member{a, b} {
		m.knows("a alive, b alive, child alive")
		if got := strings.Join(m.history(), "; "); !strings.HasSuffix(got, want) || strings.Count(got, "suspect") != 1 {
			t.Errorf("%s was told %q", m.config.Self.ID, m.history())
		}
	}
}
