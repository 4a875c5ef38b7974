package server

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gantry/tools/compat/ports"
	"gantry/tools/compat/process"
	"gantry/tools/compat/wire"
)

// Alone is one of Gantry's processes, beside real programs: a proxy, the name server of real brokers, or a node that
// registers with real name servers. Close ends it.
type Alone struct {
	*process.Process
	// Address is where it answers.
	Address string
	gantry  *gantry
	start   func(*gantry) (*process.Process, error)
	code    int // what it answers when it serves, be it with an error
}

// StartProxy starts a proxy and returns when it answers.
func StartProxy(ctx context.Context, config Config) (*Alone, error) {
	const getBrokerClusterInfo = 106
	return startAlone(ctx, config, listenPort, getBrokerClusterInfo, func(g *gantry) (*process.Process, error) {
		err := g.startFront()
		return g.front, err
	})
}

// StartNode starts a node that registers with the given name servers and returns when it answers; it may be registered by
// then.
func StartNode(ctx context.Context, config Config, namesrv string) (*Alone, error) {
	const getMaxOffset = 30
	return startAlone(ctx, config, nodePort, getMaxOffset, func(g *gantry) (*process.Process, error) {
		err := g.startNodeAt(namesrv)
		return g.node, err
	})
}

func startAlone(ctx context.Context, config Config, port, code int, start func(*gantry) (*process.Process, error)) (*Alone, error) {
	config.Shape = Split
	if err := os.MkdirAll(config.Dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the folder of one of gantry's processes: %w", err)
	}
	block, err := ports.Take()
	if err != nil {
		return nil, err
	}
	a := &Alone{Address: block.Address(port), gantry: newGantry(config, block), start: start, code: code}
	if err := a.StartAgain(ctx); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// StartAgain starts it after its end, where it was, and returns when it answers.
func (a *Alone) StartAgain(ctx context.Context) error {
	var err error
	if a.Process, err = a.start(a.gantry); err != nil {
		return err
	}
	return a.await(ctx)
}

// StartAgainWith is StartAgain with other properties.
func (a *Alone) StartAgainWith(ctx context.Context, properties map[string]string) error {
	a.gantry.config.Properties = properties
	return a.StartAgain(ctx)
}

// await asks until there is an answer, whatever it says.
func (a *Alone) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := wire.Ask(ctx, a.Address, a.code, nil, nil); err == nil {
			return nil
		}
		select {
		case <-a.Exited():
			return fmt.Errorf("%w: it ended with code %d%s%s", errNotReady, a.ExitCode(), a.gantry.outputTail("front"), a.gantry.outputTail("node"))
		case <-ctx.Done():
			return fmt.Errorf("%w after %v", errNotReady, startTimeout)
		case <-tick.C:
		}
	}
}

// Output is what it has logged so far.
func (a *Alone) Output() (string, error) {
	name := "front.out"
	if a.gantry.node != nil {
		name = "node.out"
	}
	text, err := os.ReadFile(filepath.Join(a.gantry.config.Dir, name))
	return string(text), err
}

// Close ends it if it runs still.
func (a *Alone) Close() { a.gantry.Close() }
