// Package stage sets a scenario up: a server, one process per stock client that all scenarios share, and topics and groups of
// its own for each scenario. Its verbs fail the test themselves, so that a scenario reads as what shall hold. It decides
// nothing about what shall hold.
package stage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/matrix"
	"gantry/tools/compat/server"
)

// Stage holds what the scenarios of one test binary share. Servers and agents start when first asked for.
type Stage struct {
	Target server.Target
	Matrix matrix.Run // what the scenarios have shown
	set    *artifacts.Set
	setErr error // artifacts.ErrNoJava, where that may pass
	dir    string
	names  atomic.Int64

	shared func() (server.Server, error)
	agents map[agent.Kind]func() (*agent.Agent, error)

	// starting is held while one server or agent starts: a machine that starts ten JVMs at once answers nobody in time.
	starting sync.Mutex

	mu      sync.Mutex // guards closers; never held while anything starts
	closers []func()
}

// New resolves the clients and servers; properties are those of the server that all share. The caller closes the stage.
func New(target server.Target, properties map[string]string) (*Stage, error) {
	set, err := artifacts.Ensure(context.Background())
	if err != nil && !(errors.Is(err, artifacts.ErrNoJava) && os.Getenv("CI") != "true") {
		return nil, err
	}
	dir, setupErr := os.MkdirTemp("", "gantry-compat-")
	if setupErr != nil {
		return nil, fmt.Errorf("make the stage's folder: %w", setupErr)
	}
	s := &Stage{Target: target, set: set, setErr: err, dir: dir, agents: map[agent.Kind]func() (*agent.Agent, error){}}
	s.shared = sync.OnceValues(func() (server.Server, error) {
		return s.startServer("shared", server.Standalone, properties)
	})
	for _, kind := range agent.Kinds() {
		s.agents[kind] = sync.OnceValues(func() (*agent.Agent, error) { return s.startAgent(exec.Command, kind, string(kind)) })
	}
	return s, nil
}

// Close ends every agent and server and, unless keep, removes their folders.
func (s *Stage) Close(keep bool) {
	s.mu.Lock()
	closers := s.closers
	s.closers = nil
	s.mu.Unlock()
	for i := len(closers) - 1; i >= 0; i-- {
		closers[i]()
	}
	if keep {
		fmt.Fprintln(os.Stderr, "stores and logs are kept in", s.dir)
		return
	}
	// What could not be removed lies in the system's folder for temporary files.
	_ = os.RemoveAll(s.dir)
}

func (s *Stage) onClose(run func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closers = append(s.closers, run)
}

func (s *Stage) startServer(name string, shape server.Shape, properties map[string]string) (server.Server, error) {
	s.starting.Lock()
	defer s.starting.Unlock()
	config := server.Config{Set: s.set, Dir: filepath.Join(s.dir, name), Properties: properties, Shape: shape}
	started, err := server.New(s.Target, config)
	if err != nil {
		return nil, err
	}
	s.onClose(started.Close)
	return started, started.Start(context.Background())
}

func (s *Stage) startAgent(on agent.Host, kind agent.Kind, name string, properties ...string) (*agent.Agent, error) {
	s.starting.Lock()
	defer s.starting.Unlock()
	a, err := agent.Launch(on, s.set, kind, filepath.Join(s.dir, "agents", name), properties...)
	if err != nil {
		return nil, err
	}
	s.onClose(func() { _ = a.Close() }) // an agent that a scenario has killed cannot be closed any more
	return a, a.Ready()
}

// requireJava is the one place that may skip: where java or mvn is missing and nobody said that this is CI.
func (s *Stage) requireJava(t testing.TB) {
	t.Helper()
	if s.setErr != nil {
		fmt.Fprintf(os.Stderr, "\n*** SKIPPED, NOTHING WAS PROVEN: %s: %v ***\n\n", t.Name(), s.setErr)
		t.Skip(s.setErr)
	}
}

// HasJava says whether there are stock clients: scenarios are left out where not.
func (s *Stage) HasJava() bool { return s.setErr == nil }

// Artifacts are the resolved clients and servers.
func (s *Stage) Artifacts(t testing.TB) *artifacts.Set {
	t.Helper()
	s.requireJava(t)
	return s.set
}

// Undisturbed runs something that starts a client of its own while the stage starts nothing.
func (s *Stage) Undisturbed(run func()) {
	s.starting.Lock()
	defer s.starting.Unlock()
	run()
}

// unique makes a name that is legal for topics, groups and instances and never comes again.
func (s *Stage) unique(t testing.TB, suffix string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.TrimPrefix(t.Name(), "Test"))
	return fmt.Sprintf("%s_%s_%d", name[:min(len(name), 40)], suffix, s.names.Add(1))
}

// EachClient runs a scenario as a parallel subtest for each stock client, on the server that all share.
func (s *Stage) EachClient(t *testing.T, scenario func(*testing.T, *Client)) {
	t.Helper()
	s.ForClients(t, agent.Kinds(), scenario)
}

// ForClients is EachClient for those clients that have what the scenario is about.
func (s *Stage) ForClients(t *testing.T, kinds []agent.Kind, scenario func(*testing.T, *Client)) {
	t.Helper()
	s.requireJava(t)
	t.Parallel()
	shared, err := s.shared()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			scenario(t, s.Client(t, kind, shared))
		})
	}
}

// EachClientAlone is EachClient with nothing else running: for scenarios that hold a client or a server to seconds, which a
// machine that runs ten scenarios at once cannot keep.
func (s *Stage) EachClientAlone(t *testing.T, scenario func(*testing.T, *Client)) {
	t.Helper()
	s.requireJava(t)
	shared, err := s.shared()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range agent.Kinds() {
		t.Run(string(kind), func(t *testing.T) { scenario(t, s.Client(t, kind, shared)) })
	}
}

// Server starts a server for one scenario alone, which runs beside the others; it ends with the test.
func (s *Stage) Server(t *testing.T, shape server.Shape, properties map[string]string) server.Server {
	t.Helper()
	t.Parallel()
	return s.AnotherServer(t, shape, properties)
}

// AnotherServer is Server for a scenario that runs beside others already.
func (s *Stage) AnotherServer(t *testing.T, shape server.Shape, properties map[string]string) server.Server {
	t.Helper()
	s.requireJava(t)
	own, err := s.startServer(s.unique(t, "server"), shape, properties)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Close)
	return own
}

// Client is one stock client in its shared process, facing srv.
func (s *Stage) Client(t testing.TB, kind agent.Kind, srv server.Server) *Client {
	t.Helper()
	a, err := s.agents[kind]()
	if err != nil {
		t.Fatal(err)
	}
	return &Client{t: t, stage: s, Kind: kind, server: srv, agent: a}
}

// OwnClient is one stock client in a process of its own, which the scenario may kill.
func (s *Stage) OwnClient(t testing.TB, kind agent.Kind, srv server.Server, properties ...string) *Client {
	t.Helper()
	return s.ClientOn(t, exec.Command, kind, srv, properties...)
}

// ClientOn is OwnClient on a host.
func (s *Stage) ClientOn(t testing.TB, on agent.Host, kind agent.Kind, srv server.Server, properties ...string) *Client {
	t.Helper()
	a, err := s.startAgent(on, kind, s.unique(t, string(kind)), properties...)
	if err != nil {
		t.Fatal(err)
	}
	return &Client{t: t, stage: s, Kind: kind, server: srv, agent: a}
}
