package gossip

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// member is a Gossip on a loopback address of its own, and what it said.
type member struct {
	*Gossip
	log *logged
	t   *testing.T

	mu   sync.Mutex
	told []string // what OnChange told, as a line each: "a alive, b suspect"
}

// logged is a log that is read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// count is how many lines hold all of parts.
func (l *logged) count(parts ...string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for line := range strings.Lines(l.text.String()) {
		found := true
		for _, p := range parts {
			found = found && strings.Contains(line, p)
		}
		if found {
			n++
		}
	}
	return n
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start runs a member at a loopback address; adjust may be nil.
func start(t *testing.T, id, host string, seeds []string, adjust func(*Config)) *member {
	t.Helper()
	m := &member{log: &logged{}, t: t}
	c := Config{Self: Statement{ID: id, Role: Node, Addr: ":10911", Cluster: "C", BrokerName: id}, BindAddr: host, Seeds: seeds,
		Log: slog.New(slog.NewTextHandler(m.log, nil)), FirstJoinMillis: 100, JoinMillis: 500, RivalMillis: 1500,
		OnChange: m.note}
	if adjust != nil {
		adjust(&c)
	}
	g, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	m.Gossip = g
	t.Cleanup(m.Close)
	return m
}

// kill ends it as a dead host ends: nobody is told.
func (m *member) kill() {
	m.closing.Do(func() {
		m.cancel(errClosed)
		m.shut()
	})
}

func (m *member) note(all []Member) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if line := states(all); len(m.told) == 0 || m.told[len(m.told)-1] != line {
		m.told = append(m.told, line)
	}
}

// history is what OnChange told so far.
func (m *member) history() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string{}, m.told...)
}

func (m *member) seed() string { return m.LocalAddr().String() }

func states(all []Member) string {
	var parts []string
	for _, m := range all {
		parts = append(parts, fmt.Sprint(m.ID, " ", m.State))
	}
	return strings.Join(parts, ", ")
}

func (m *member) find(id string) (Member, bool) {
	for _, other := range m.Members() {
		if other.ID == id {
			return other, true
		}
	}
	return Member{}, false
}

// eventually waits for a condition as long as a busy machine may need.
func eventually(t *testing.T, what string, met func() bool) time.Duration {
	t.Helper()
	const bound = 15 * time.Second
	began := time.Now()
	for !met() {
		if time.Since(began) > bound {
			t.Fatalf("not within %v: %s", bound, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(began)
}

// knows waits until m's members are as states tells them.
func (m *member) knows(want string) time.Duration {
	m.t.Helper()
	defer func() {
		if m.t.Failed() {
			m.t.Logf("known: %s\n%s", states(m.Members()), m.log)
		}
	}()
	return eventually(m.t, "members "+want, func() bool { return states(m.Members()) == want })
}

// shared is what a member heard of others' states.
type shared struct {
	mu   sync.Mutex
	seen map[string]bool
}

// with lets a member share own.
func (s *shared) with(own string) func(*Config) {
	return func(c *Config) {
		c.LocalState = func() []byte { return []byte(own) }
		c.MergeState = func(b []byte) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.seen == nil {
				s.seen = map[string]bool{}
			}
			s.seen[string(b)] = true
		}
	}
}

func (s *shared) has(state string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[state]
}

func addr(host string) []netip.Addr { return []netip.Addr{netip.MustParseAddr(host)} }

var discard = slog.New(slog.DiscardHandler)
