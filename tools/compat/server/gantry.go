package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"gantry/tools/compat/ports"
	"gantry/tools/compat/process"
	"gantry/tools/compat/wire"
)

// startTimeout bounds the time until a started Gantry serves.
const startTimeout = 20 * time.Second

// errNotReady says that Gantry did not serve in time.
var errNotReady = errors.New("gantry did not become ready")

// Ports of the block. A broker takes P−2 to P+1, a gateway slot its port and the one two below.
const (
	listenPort  = 0
	gatewayPort = 5
	nodePort    = 10
	opsPort     = 15 // and the one above, for the node
)

// gantry is Gantry's binary in one or two processes: the front, which clients ask, and the node, which is the front itself
// when it stands alone.
type gantry struct {
	config Config
	ports  *ports.Block
	front  *process.Process
	node   *process.Process
}

// routeModes are those that a shape needs; the others have the default.
var routeModes = map[Shape]string{Direct: "direct", Shared: "shared"}

func newGantry(config Config, block *ports.Block) *gantry {
	return &gantry{config: config, ports: block}
}

// Shape is how it is laid out.
func (g *gantry) Shape() Shape { return g.config.Shape }

// Shard is where tools ask the shard that one address for all does not name; "" where routes do.
func (g *gantry) Shard() string {
	if g.config.Shape != Shared {
		return ""
	}
	return g.ports.Address(gatewayPort)
}

func (g *gantry) Namesrv() string { return g.ports.Address(listenPort) }

func (g *gantry) Start(ctx context.Context) error {
	if err := g.startFront(); err != nil {
		return err
	}
	if err := g.startNode(); err != nil {
		return err
	}
	return g.awaitReady(ctx)
}

func (g *gantry) startFront() error {
	if g.front.Running() {
		return nil
	}
	args := []string{"proxy", "--listen", g.Namesrv()}
	if g.config.Shape == Standalone {
		args = []string{"standalone", "--data", filepath.Join(g.config.Dir, "data"), "--listen", g.Namesrv()}
	}
	properties := map[string]string{
		"gatewayBasePort": g.port(gatewayPort),
		"advertiseAddr":   "127.0.0.1",
		"opsPort":         g.port(opsPort),
	}
	if mode := routeModes[g.config.Shape]; mode != "" {
		properties["routeMode"] = mode
	}
	if g.config.Shape == Standalone {
		maps.Copy(properties, g.config.Properties)
	}
	maps.Copy(properties, g.config.ProxyProperties)
	var err error
	g.front, err = g.run("front", args, properties)
	return err
}

func (g *gantry) startNode() error {
	if g.config.Shape == Standalone || g.node.Running() {
		return nil
	}
	return g.startNodeAt(g.Namesrv())
}

func (g *gantry) startNodeAt(namesrv string) error {
	properties := map[string]string{
		"brokerName":         "broker-a",
		"brokerIP1":          "127.0.0.1",
		"listenPort":         g.port(nodePort),
		"storePathRootDir":   filepath.Join(g.config.Dir, "data"),
		"storePathCommitLog": filepath.Join(g.config.Dir, "data", "commitlog"),
		"opsPort":            g.port(opsPort + 1),
	}
	maps.Copy(properties, g.config.Properties)
	var err error
	g.node, err = g.run("node", []string{"node", "-n", namesrv}, properties)
	return err
}

func (g *gantry) port(i int) string { return strconv.Itoa(g.ports.Port(i)) }

// run starts the binary with its properties in a file, its home in the server's folder.
func (g *gantry) run(name string, args []string, properties map[string]string) (*process.Process, error) {
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		fmt.Fprintf(&text, "%s=%s\n", key, properties[key])
	}
	file := filepath.Join(g.config.Dir, name+".properties")
	if err := os.WriteFile(file, []byte(text.String()), 0o666); err != nil {
		return nil, fmt.Errorf("write gantry's configuration: %w", err)
	}
	cmd := exec.Command(filepath.Join(g.config.Set.Repository(), "bin", "gantry"), append(args, "-c", file)...)
	cmd.Dir = g.config.Dir
	cmd.Env = append(os.Environ(), "HOME="+g.config.Dir)
	return process.Start(cmd, filepath.Join(g.config.Dir, name+".out"))
}

// awaitReady asks until there is a route and its master accepts a connection.
func (g *gantry) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if g.ready(ctx) {
			return nil
		}
		select {
		case <-g.front.Exited():
			return fmt.Errorf("%w: it ended with code %d%s", errNotReady, g.front.ExitCode(), g.outputTail("front"))
		case <-ctx.Done():
			return fmt.Errorf("%w after %v%s%s", errNotReady, startTimeout, g.outputTail("front"), g.outputTail("node"))
		case <-tick.C:
		}
	}
}

func (g *gantry) ready(ctx context.Context) bool {
	const getConsumerList = 38
	route, found, err := wire.AskRoute(ctx, g.Namesrv(), "TBW102")
	if err != nil || !found || route.Master() == "" {
		return false
	}
	_, err = wire.Ask(ctx, route.Master(), getConsumerList, map[string]string{"consumerGroup": "nobody"}, nil)
	return err == nil
}

func (g *gantry) outputTail(name string) string {
	const mostBytes = 2000
	text, err := os.ReadFile(filepath.Join(g.config.Dir, name+".out"))
	if err != nil {
		return ""
	}
	return "\n" + string(text[max(0, len(text)-mostBytes):])
}

func (g *gantry) Stop() error {
	var errs []error
	for _, p := range []*process.Process{g.node, g.front} {
		if !p.Running() {
			continue
		}
		if err := p.Stop(); err != nil {
			errs = append(errs, err)
		} else if p.ExitCode() != 0 {
			errs = append(errs, fmt.Errorf("gantry ended with code %d after SIGTERM", p.ExitCode()))
		}
	}
	return errors.Join(errs...)
}

func (g *gantry) Kill() {
	if g.config.Shape == Standalone {
		g.front.Kill()
		return
	}
	g.node.Kill()
}

func (g *gantry) KillFront() { g.front.Kill() }

func (g *gantry) Close() {
	for _, p := range []*process.Process{g.node, g.front} {
		if p.Running() {
			p.Kill()
		}
	}
	// The block's lock file is closed for the sake of later tests; that cannot fail in a way they would mind.
	_ = g.ports.Release()
}
