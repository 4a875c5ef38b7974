package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"

	"github.com/urfave/cli/v2"

	"gantry/proxy"
)

type proxyRole struct{ *proxy.Server }

// Close implements running.
func (p proxyRole) Close(ctx context.Context) error {
	p.Server.Close(ctx)
	return nil
}

func startProxy(c *cli.Context, log *slog.Logger) (running, error) {
	host, port, err := splitListen(c.String("listen"))
	if err != nil {
		return nil, err
	}
	config := proxy.Config{BindAddress: host, ListenPort: port, Log: log, ProxyID: newProxyID()}
	if err := readSettings(log, c.String("c"), &config); err != nil {
		return nil, err
	}
	p, err := proxy.Start(config)
	if err != nil {
		return nil, err
	}
	fmt.Printf("gantry proxy is ready: name server %s\n", c.String("listen"))
	return proxyRole{p}, nil
}

// newProxyID tells one run of a proxy from every other.
func newProxyID() string { return rand.Text() }
