package localcluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Config says what to run.
type Config struct {
	Binary  string   // the gantry command
	Dir     string   // of stores, configuration files and outputs; made if needed
	Proxies int      // how many
	Shards  []string // a brokerName for each master
	Slaves  int      // copies of each shard beside its master
	Guests  int      // hosts on which none of them runs, for clients

	// Namespaces puts each process into a network namespace of its own, so that
	// Cut can part them; else they share the loopback.
	Namespaces bool

	StopBound time.Duration // how long a process may take to end after SIGTERM, default 60 s

	ProxyProperties map[string]string // added to each proxy's configuration
	NodeProperties  map[string]string // added to each node's
	MasterRole      string            // brokerRole of masters, default ASYNC_MASTER
}

// Cluster is some proxies and nodes. Its methods must not be called
// concurrently.
type Cluster struct {
	Proxies []*Member
	Nodes   []*Member // the masters
	Slaves  []*Member // those of the first shard, then those of the next

	config  Config
	network network
	ports   ports
}

// New prepares a cluster of which nothing runs yet. The caller closes it.
func New(config Config) (*Cluster, error) {
	var err error
	for _, path := range []*string{&config.Binary, &config.Dir} {
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, fmt.Errorf("local cluster: %w", err)
		}
	}
	if err := os.MkdirAll(config.Dir, 0o777); err != nil {
		return nil, fmt.Errorf("local cluster's folder: %w", err)
	}
	if config.StopBound == 0 {
		config.StopBound = time.Minute
	}
	open := openLoopback
	if config.Namespaces {
		open = openNamespaces
	}
	c := &Cluster{config: config}
	if c.network, c.ports, err = open(config.Proxies + len(config.Shards)*(1+config.Slaves) + config.Guests); err != nil {
		return nil, err
	}
	for i := range config.Proxies {
		c.Proxies = append(c.Proxies, c.proxy(i))
	}
	for _, brokerName := range config.Shards {
		c.Nodes = append(c.Nodes, c.node(len(c.Members()), brokerName, 0))
	}
	for _, brokerName := range config.Shards {
		for id := range config.Slaves {
			c.Slaves = append(c.Slaves, c.node(len(c.Members()), brokerName, int64(id)+1))
		}
	}
	return c, nil
}

// Start runs a whole cluster, returns when it serves, and ends it with the test,
// which fails if something was wrong with a process.
func Start(t testing.TB, config Config) *Cluster {
	t.Helper()
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, m := range c.Members() {
		if err := m.Start(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.AwaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// Members are the proxies, then the masters, then the slaves.
func (c *Cluster) Members() []*Member { return slices.Concat(c.Proxies, c.Nodes, c.Slaves) }

// Namesrv is the list of name servers that clients are given: every proxy.
func (c *Cluster) Namesrv() string {
	var all []string
	for _, p := range c.Proxies {
		all = append(all, p.Address)
	}
	return strings.Join(all, ";")
}

// Command runs name on a guest's host; guests are numbered from 0.
func (c *Cluster) Command(guest int, name string, args ...string) *exec.Cmd {
	return c.network.command(len(c.Members())+guest, name, args...)
}

// Cut lets no packet pass between two members until Heal; their connections stay
// open. It needs Namespaces.
func (c *Cluster) Cut(one, other *Member) error { return c.network.cut(one.host, other.host) }

// Heal undoes Cut.
func (c *Cluster) Heal(one, other *Member) error { return c.network.heal(one.host, other.host) }

// Close ends every process that runs, in order (SIGTERM), and the network. Its
// error says which process had ended by itself, would not end, ended badly, or
// printed that it panicked or raced, and how its output ends.
func (c *Cluster) Close() error {
	var errs []error
	for _, m := range c.Members() {
		if m.stopped {
			errs = append(errs, m.Continue())
		}
	}
	for _, m := range slices.Backward(c.Members()) {
		errs = append(errs, m.close())
	}
	return errors.Join(append(errs, c.network.close())...)
}

// seed is where gossip begins: at the first proxy, for all.
func (c *Cluster) seed() string { return c.network.ip(0) }

func (c *Cluster) proxy(host int) *Member {
	m := c.member(fmt.Sprint("proxy", host+1), host, c.ports.namesrv)
	m.args = []string{"proxy", "--listen", m.Address}
	m.properties = merge(map[string]string{
		"gatewayBasePort": fmt.Sprint(c.ports.gateway),
		"gossipSeeds":     c.seed(),
	}, c.config.ProxyProperties)
	return m
}

func (c *Cluster) node(host int, brokerName string, id int64) *Member {
	name, role := brokerName, c.config.MasterRole
	if id > 0 {
		name, role = fmt.Sprint(brokerName, "-", id), "SLAVE"
	}
	m := c.member(name, host, c.ports.node)
	m.Shard, m.ID, m.Store = brokerName, id, filepath.Join(c.config.Dir, name)
	m.HAAddress = net.JoinHostPort(m.IP, fmt.Sprint(c.ports.node+1))
	m.args = []string{"node", "-n", c.Namesrv()}
	m.properties = merge(map[string]string{
		"brokerName":       brokerName,
		"brokerId":         fmt.Sprint(id),
		"brokerIP1":        m.IP,
		"bindAddress":      m.IP,
		"listenPort":       fmt.Sprint(c.ports.node),
		"storePathRootDir": m.Store,
		"gossipSeeds":      c.seed(),
	}, c.config.NodeProperties)
	if role != "" {
		m.properties["brokerRole"] = role
	}
	return m
}
