package realbroker

import (
	"context"
	"fmt"
	"time"

	"gantry/tools/compat/process"
	"gantry/tools/compat/wire"
)

// Alone is a real name server without a broker, or a real broker without a name server of its own.
type Alone struct {
	*process.Process
	// Address is where it answers.
	Address string
}

// StartNamesrv starts a name server and returns when it answers.
func StartNamesrv(ctx context.Context, config Config) (*Alone, error) {
	const getBrokerClusterInfo = 106
	return startAlone(ctx, config, "namesrv", "org.apache.rocketmq.namesrv.NamesrvStartup", namesrvPort, getBrokerClusterInfo)
}

// StartBroker starts a broker that registers at config.RegisterAt and returns when it answers; it may be registered by then.
func StartBroker(ctx context.Context, config Config) (*Alone, error) {
	const getBrokerRuntimeInfo = 28
	return startAlone(ctx, config, "broker", "org.apache.rocketmq.broker.BrokerStartup", brokerPort, getBrokerRuntimeInfo)
}

// startAlone starts one program and returns when it answers the given code.
func startAlone(ctx context.Context, config Config, name, mainClass string, port, code int) (*Alone, error) {
	if len(config.JVMFlags) == 0 {
		config.JVMFlags = QuickJVMFlags()
	}
	c := &Cluster{config: config}
	if err := c.writeFiles(); err != nil {
		return nil, err
	}
	program, err := c.start(name, mainClass)
	if err != nil {
		return nil, err
	}
	a := &Alone{Process: program, Address: config.Ports.Address(port)}
	if err := a.await(ctx, code, nil); err != nil {
		program.Kill()
		return nil, fmt.Errorf("%w%s", err, c.outputTail(name))
	}
	return a, nil
}

func (a *Alone) await(ctx context.Context, code int, fields map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, StartTimeout)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if reply, err := wire.Ask(ctx, a.Address, code, fields, nil); err == nil && reply.Code == 0 {
			return nil
		}
		select {
		case <-a.Exited():
			return fmt.Errorf("%w: it ended with code %d", ErrNotReady, a.ExitCode())
		case <-ctx.Done():
			return fmt.Errorf("%w after %v", ErrNotReady, StartTimeout)
		case <-tick.C:
		}
	}
}
