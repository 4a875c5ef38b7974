package localcluster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAClusterIsReadyWhenEveryProxyServesEveryShardWhateverWasStartedFirst(t *testing.T) {
	config := like(t, "sound")
	config.Proxies, config.Shards = 2, []string{"a", "b"}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*Member{c.Nodes[1], c.Proxies[1], c.Nodes[0], c.Proxies[0]} {
		must(t, m.Start())
	}
	must(t, c.AwaitReady(t.Context()))
	for _, p := range c.Proxies {
		shards, err := p.Shards(t.Context())
		if err != nil || len(shards) != 2 || shards["a"] == shards["b"] || !strings.HasPrefix(shards["a"], p.IP+":") {
			t.Errorf("%s serves %v, %v", p.Name, shards, err)
		}
	}
	if servers := strings.Split(c.Namesrv(), ";"); !slices.Equal(servers, []string{c.Proxies[0].Address, c.Proxies[1].Address}) {
		t.Errorf("the name servers are %v", servers)
	}
	must(t, c.Nodes[0].Kill())
	must(t, c.Nodes[0].Start())
	must(t, c.Proxies[0].Terminate())
	must(t, c.AwaitReady(t.Context())) // of those that run
	must(t, c.Proxies[0].Start())
	must(t, c.AwaitReady(t.Context()))
	must(t, c.Close())
	if alive := names(running(c.Members())); len(alive) > 0 {
		t.Errorf("%v run after Close", alive)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAStoppedProcessAnswersNobodyUntilItContinues(t *testing.T) {
	config := like(t, "sound")
	config.Shards = []string{"a"}
	c := Start(t, config)
	must(t, c.Proxies[0].Stop())
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := AskRoute(ctx, c.Proxies[0].Address, everywhere); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a stopped proxy answers %v", err)
	}
	must(t, c.Proxies[0].Continue())
	must(t, c.AwaitReady(t.Context()))
	must(t, c.Proxies[0].Stop()) // Close continues it
}

// lives are what a process does that it may not, and where that is said.
var lives = []struct {
	like      string
	terminate error
	close     error
	words     string
}{
	{"sound", nil, nil, ""},
	{"ends early", ErrEnded, ErrEnded, "proxy1"},
	{"ends badly", ErrEndedBadly, ErrEndedBadly, "proxy1: ended badly, with code 1\nstarted\nunexpected EOF"},
	{"stubborn", ErrWouldNot, ErrWouldNot, "proxy1: did not end and was killed after 400ms"},
	{"panics", ErrEnded, ErrPrinted, "proxy1: printed panic: at the disco"},
	{"prints a race", nil, ErrPrinted, "WARNING: DATA RACE\nRead at 0x00c0"},
}

func TestWhatAProcessMayNotDoIsAnErrorOfItsEndAndOfClose(t *testing.T) {
	for _, life := range lives {
		t.Run(life.like, func(t *testing.T) {
			config := like(t, life.like)
			if life.like == "stubborn" {
				config.StopBound = 400 * time.Millisecond
			}
			first, second := startOne(t, config), startOne(t, config)
			if err := first.Proxies[0].Terminate(); !errors.Is(err, life.terminate) {
				t.Errorf("terminate gives %v, want %v", err, life.terminate)
			}
			_ = first.Close()
			if err := second.Close(); !errors.Is(err, life.close) || err != nil && !strings.Contains(err.Error(), life.words) {
				t.Errorf("close gives %v, want %v with %q", err, life.close, life.words)
			}
		})
	}
}

// startOne starts a proxy and waits until it has printed something or has ended.
func startOne(t *testing.T, config Config) *Cluster {
	t.Helper()
	config.Dir = t.TempDir()
	c, err := New(config)
	must(t, err)
	p := c.Proxies[0]
	must(t, p.Start())
	for deadline := time.Now().Add(10 * time.Second); p.Running(); time.Sleep(5 * time.Millisecond) {
		if text, err := p.Output(); err != nil || time.Now().After(deadline) {
			t.Fatalf("%s has printed %q, %v", p.Name, text, err)
		} else if text != "" {
			break
		}
	}
	return c
}

func TestAReadyClusterIsNotAwaitedInVain(t *testing.T) {
	c := startOne(t, like(t, "ends early"))
	defer c.Close()
	<-c.Proxies[0].exited
	if err := c.AwaitReady(t.Context()); !errors.Is(err, ErrEnded) {
		t.Errorf("waiting for a cluster whose proxy has ended gives %v", err)
	}
	config := like(t, "sound")
	config.Shards = []string{"a"}
	missing := startOne(t, config)
	defer missing.Close()
	must(t, missing.Nodes[0].Start())
	must(t, missing.Nodes[0].Stop()) // before it can have registered
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := missing.AwaitReady(ctx); !errors.Is(err, ErrNotReady) {
		t.Errorf("waiting for a node that is stopped gives %v", err)
	}
}

func TestASignalNeedsAProcess(t *testing.T) {
	c, err := New(like(t, "sound"))
	must(t, err)
	defer c.Close()
	p := c.Proxies[0]
	for name, send := range map[string]func() error{"kill": p.Kill, "terminate": p.Terminate, "stop": p.Stop, "continue": p.Continue} {
		if err := send(); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s gives %v", name, err)
		}
	}
	must(t, p.Start())
	if err := p.Start(); !errors.Is(err, ErrRunning) {
		t.Errorf("a second start gives %v", err)
	}
	if err := c.Cut(p, p); !errors.Is(err, ErrNoCut) {
		t.Errorf("a cut on the loopback gives %v", err)
	}
}

func TestClustersShareNeitherAddressNorPort(t *testing.T) {
	config := like(t, "sound")
	seen := map[string]bool{}
	for range 5 {
		c, err := New(config)
		must(t, err)
		defer c.Close()
		p := c.Proxies[0]
		_, port, _ := strings.Cut(p.Address, ":")
		if seen[p.IP] || seen[port] {
			t.Errorf("%s is used twice", p.Address)
		}
		seen[p.IP], seen[port] = true, true
	}
}

func TestSettingsReachTheConfigurationFile(t *testing.T) {
	config := like(t, "sound")
	config.Shards = []string{"a"}
	config.ProxyProperties, config.NodeProperties = map[string]string{"drainMillis": "7"}, map[string]string{"flushDiskType": "SYNC_FLUSH"}
	Start(t, config)
	for file, line := range map[string]string{
		"proxy1.properties": "drainMillis=7\n",
		"a.properties":      "flushDiskType=SYNC_FLUSH\n",
	} {
		if text, err := os.ReadFile(filepath.Join(config.Dir, file)); err != nil || !strings.Contains(string(text), line) {
			t.Errorf("%s has %q, %v", file, text, err)
		}
	}
}
