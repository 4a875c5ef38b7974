package server

import (
	"context"
	"errors"

	"gantry/tools/compat/ports"
	"gantry/tools/compat/realbroker"
)

// real is the official name server and broker; its shard's process is the broker.
type real struct {
	config  realbroker.Config
	ports   *ports.Block
	cluster *realbroker.Cluster
}

func newReal(config Config, block *ports.Block) (Server, error) {
	classpath, err := config.Set.ServerClasspath()
	if err != nil {
		return nil, errors.Join(err, block.Release())
	}
	return &real{ports: block, config: realbroker.Config{
		Classpath: classpath, Dir: config.Dir, Ports: block, Properties: config.Properties,
	}}, nil
}

func (r *real) Namesrv() string { return r.cluster.NamesrvAddress() }

func (r *real) Start(ctx context.Context) error {
	if r.cluster == nil {
		cluster, err := realbroker.Start(ctx, r.config)
		if err == nil {
			r.cluster = cluster
		}
		return err
	}
	return r.cluster.StartAgain(ctx)
}

func (r *real) Stop() error { return r.cluster.Stop() }

func (r *real) Kill() { r.cluster.KillBroker() }

func (r *real) KillFront() { r.cluster.KillNamesrv() }

func (r *real) Close() {
	if r.cluster != nil {
		r.cluster.Kill()
	}
	// The block's lock file is closed for the sake of later tests; that cannot fail in a way they would mind.
	_ = r.ports.Release()
}
