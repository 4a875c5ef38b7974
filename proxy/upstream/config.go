package upstream

import (
	"log/slog"
	"time"

	"gantry/remoting"
)

// Config is what a Node needs; zero values mean the defaults named.
type Config struct {
	ProxyID    string
	Cluster    string // of the node, "" where that is not known
	ClusterKey string // proves the proxy to nodes; none by default
	// GatewayAddr is host:port under which the cluster's clients reach the node through proxies, "" where nobody set it;
	// asked at each handshake. May be nil.
	GatewayAddr func() string
	Dial        remoting.DialFunc
	Limits      remoting.Limits // of each connection; never idle
	Log         *slog.Logger

	RetryMillis  int // how long a request waits for its node, default 2,000 (proxyRetryMillis)
	WaitingBytes int // frames that wait for one node, default 32 MiB

	Bounds Bounds  // of Budget, where that is not given
	Budget *Budget // shared with the proxy's other nodes
}

func (c Config) withDefaults() Config {
	if c.RetryMillis == 0 {
		c.RetryMillis = 2000
	}
	if c.WaitingBytes == 0 {
		c.WaitingBytes = 32 << 20
	}
	if c.Budget == nil {
		c.Budget = NewBudget(c.Log, c.Bounds)
	}
	c.Limits.IdleMillis = -1
	return c
}

// Dialling is tried again after a pause that doubles from the first to the last.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = 500 * time.Millisecond
	// joinBound is how long dialling, handshakes and announcements may take.
	joinBound = 5 * time.Second
	// steadyAfter is how long a joining must last for its loss to be a first one.
	steadyAfter = time.Second
	// beatPeriod keeps quiet connections: less than what a node takes for the
	// silence of the dead, remoting.Limits.IdleMillis.
	beatPeriod = 20 * time.Second
	// settleStep is how finely the end of a drain is looked for.
	settleStep = 5 * time.Millisecond
)
