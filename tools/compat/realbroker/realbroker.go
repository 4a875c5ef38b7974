// Package realbroker starts the real RocketMQ name server and broker on loopback ports, together as the oracle that scenarios
// are proven against, or either of them alone beside Gantry, and runs the real admin tool. It needs the class path of one
// release from package artifacts, which says whether it is 4.9.7 or 5.3.3, and a block from package ports. It knows no client.
package realbroker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gantry/tools/compat/ports"
	"gantry/tools/compat/process"
	"gantry/tools/compat/wire"
)

// StartTimeout bounds the time from start to the first answer.
const StartTimeout = 60 * time.Second

// ErrNotReady says that the servers did not answer in time.
var ErrNotReady = errors.New("the real server did not become ready")

// Offsets of the servers' ports in their block: the broker also takes the one two below (VIP) and the one above (HA).
const (
	namesrvPort = 0
	brokerPort  = 5
)

// Config says what to start.
type Config struct {
	Classpath  string            // of package artifacts' ServerClasspath or Server533Classpath
	Dir        string            // stores, logs and configuration; it survives Stop
	Ports      *ports.Block      // not released by Stop
	Properties map[string]string // broker properties beside and above our defaults
	// NamesrvProperties are the name server's.
	NamesrvProperties map[string]string
	JVMFlags          []string // replaces QuickJVMFlags
	// RegisterAt is the name server the broker is told of; the one started here unless set. A recorder stands there.
	RegisterAt string
}

// QuickJVMFlags make the servers start fast and stay small, which is what tests want and benchmarks do not.
func QuickJVMFlags() []string {
	return []string{"-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}
}

// ModuleFlags open what the servers need of JDK 17.
func ModuleFlags() []string {
	return []string{
		"--add-exports", "java.base/jdk.internal.ref=ALL-UNNAMED",
		"--add-exports", "java.base/sun.nio.ch=ALL-UNNAMED",
		"--add-opens", "java.base/sun.nio.ch=ALL-UNNAMED",
		"--add-opens", "java.base/java.nio=ALL-UNNAMED",
	}
}

// Cluster is a running name server and broker.
type Cluster struct {
	config  Config
	namesrv *process.Process
	broker  *process.Process
}

// Start starts both and returns when the broker is registered and answers.
func Start(ctx context.Context, config Config) (*Cluster, error) {
	if len(config.JVMFlags) == 0 {
		config.JVMFlags = QuickJVMFlags()
	}
	c := &Cluster{config: config}
	if err := c.writeFiles(); err != nil {
		return nil, err
	}
	if err := c.StartAgain(ctx); err != nil {
		c.Kill()
		return nil, err
	}
	return c, nil
}

// StartAgain starts whichever of both is not running and returns when the broker is registered and answers.
func (c *Cluster) StartAgain(ctx context.Context) error {
	var err error
	if !c.namesrv.Running() {
		if c.namesrv, err = c.start("namesrv", "org.apache.rocketmq.namesrv.NamesrvStartup"); err != nil {
			return err
		}
	}
	if !c.broker.Running() {
		if c.broker, err = c.start("broker", "org.apache.rocketmq.broker.BrokerStartup"); err != nil {
			return err
		}
	}
	return c.awaitReady(ctx)
}

// NamesrvAddress is where clients ask for routes.
func (c *Cluster) NamesrvAddress() string { return c.config.Ports.Address(namesrvPort) }

// BrokerAddress is where the broker serves clients.
func (c *Cluster) BrokerAddress() string { return c.config.Ports.Address(brokerPort) }

// NamesrvPID is the name server's process id.
func (c *Cluster) NamesrvPID() int { return c.namesrv.PID() }

// BrokerPID is the broker's process id.
func (c *Cluster) BrokerPID() int { return c.broker.PID() }

// StoreDir is the broker's storePathRootDir.
func (c *Cluster) StoreDir() string { return filepath.Join(c.config.Dir, "store") }

// StopBroker stops the broker cleanly.
func (c *Cluster) StopBroker() error { return c.broker.Stop() }

// KillBroker ends the broker with SIGKILL.
func (c *Cluster) KillBroker() { c.broker.Kill() }

// KillNamesrv ends the name server with SIGKILL.
func (c *Cluster) KillNamesrv() { c.namesrv.Kill() }

// Stop stops both cleanly, the broker first.
func (c *Cluster) Stop() error { return errors.Join(c.broker.Stop(), c.namesrv.Stop()) }

// Kill ends both with SIGKILL.
func (c *Cluster) Kill() {
	for _, p := range []*process.Process{c.broker, c.namesrv} {
		if p != nil {
			p.Kill()
		}
	}
}

// awaitReady asks until the name server routes to the broker and the broker answers.
func (c *Cluster) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, StartTimeout)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if c.ready(ctx) {
			return nil
		}
		select {
		case <-c.broker.Exited():
			return fmt.Errorf("%w: the broker ended with code %d%s", ErrNotReady, c.broker.ExitCode(), c.logTail())
		case <-ctx.Done():
			return fmt.Errorf("%w after %v%s", ErrNotReady, StartTimeout, c.logTail())
		case <-tick.C:
		}
	}
}

func (c *Cluster) ready(ctx context.Context) bool {
	const getBrokerRuntimeInfo = 28
	route, found, err := wire.AskRoute(ctx, c.NamesrvAddress(), "TBW102")
	if err != nil || !found || route.Master() == "" {
		return false
	}
	reply, err := wire.Ask(ctx, c.BrokerAddress(), getBrokerRuntimeInfo, nil, nil)
	return err == nil && reply.Code == 0
}

// logTail is the end of what the broker printed, to be put into an error.
func (c *Cluster) logTail() string { return c.outputTail("broker") }

func (c *Cluster) outputTail(name string) string {
	const mostBytes = 2000
	text, err := os.ReadFile(filepath.Join(c.config.Dir, name+".out"))
	if err != nil {
		return ""
	}
	return "\n" + string(text[max(0, len(text)-mostBytes):])
}
