package session

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"gantry/proxy/upstream"
	"gantry/remoting"
)

// Cluster is what the one address of all shards leads to, and who came there.
type Cluster struct {
	ruleOf func(code int32) Rule
	budget *upstream.Budget
	log    *slog.Logger

	mu      sync.Mutex // guards all below; taken before a client's own
	shards  map[string]Shard
	clients map[*Shared]struct{}
	told    map[string]time.Time // remarks in the log
}

// Shard is the copies of one shard, the master first.
type Shard []*upstream.Node

// NewCluster starts without shards; ruleOf is the table of requests.
func NewCluster(log *slog.Logger, budget *upstream.Budget, ruleOf func(code int32) Rule) *Cluster {
	return &Cluster{ruleOf: ruleOf, budget: budget, log: log, shards: map[string]Shard{},
		clients: map[*Shared]struct{}{}, told: map[string]time.Time{}}
}

// Set says which shards there are, by brokerName. A new one is told of every
// client before it is asked anything: its lists of members are whole from the
// start.
func (c *Cluster) Set(shards map[string]Shard) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.shards
	c.shards = maps.Clone(shards)
	for name, shard := range shards {
		if before[name] == nil {
			for client := range c.clients {
				client.introduce(shard.current())
			}
		}
	}
}

// current is the copy that requests go to: the first one within reach, else the
// master, which is waited for.
func (s Shard) current() *upstream.Node {
	for _, n := range s {
		if n.Joined() {
			return n
		}
	}
	return s[0]
}

// node is where requests for a shard go, nil where it is not known.
func (c *Cluster) node(brokerName string) *upstream.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.shards[brokerName]; s != nil {
		return s.current()
	}
	return nil
}

// nodes are where requests for all shards go, in the order of their names.
func (c *Cluster) nodes() (all []*upstream.Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(c.shards)) {
		all = append(all, c.shards[name].current())
	}
	return all
}

// reachable are those of the nodes that are joined; all of them, to be waited
// for, where none is.
func reachable(all []*upstream.Node) []*upstream.Node {
	joined := slices.DeleteFunc(slices.Clone(all), func(n *upstream.Node) bool { return !n.Joined() })
	if len(joined) == 0 {
		return all
	}
	return joined
}

func (c *Cluster) join(client *Shared) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clients[client] = struct{}{}
}

func (c *Cluster) leave(client *Shared) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.clients, client)
}

// What lies between two log lines about the same refusal, and how many different
// ones are remembered.
const (
	refusalPeriod = time.Minute
	toldBound     = 64
)

// tell logs what could not be placed, once a minute.
func (c *Cluster) tell(sum remoting.Summary, from *remoting.Conn, remark string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if last, known := c.told[remark]; known && now.Sub(last) < refusalPeriod {
		return
	}
	if len(c.told) >= toldBound {
		clear(c.told)
	}
	c.told[remark] = now
	c.log.Warn("request not placed", "code", sum.Code, "remote_addr", from.RemoteAddr(), "reason", remark)
}
