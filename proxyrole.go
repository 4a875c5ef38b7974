package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/netip"

	"github.com/urfave/cli/v2"

	"gantry/proxy"
)

type proxyRole struct {
	*proxy.Server
	others *proxyGossip
}

// Close implements running. The goodbye comes first: routes of the others name
// the proxy no more.
func (p proxyRole) Close(ctx context.Context) error {
	p.others.close()
	p.Server.Close(ctx)
	return nil
}

func startProxy(c *cli.Context, log *slog.Logger) (running, error) {
	host, port, err := splitListen(c.String("listen"))
	if err != nil {
		return nil, err
	}
	config := proxy.Config{BindAddress: host, ListenPort: port, Log: log, ProxyID: newProxyID(), Release: release}
	talk := defaultGossip()
	if err := readSettings(log, c.String("c"), &config, &talk); err != nil {
		return nil, err
	}
	if err := printAsked(c, &config, &talk); err != nil {
		return nil, err
	}
	p, err := openProxy(config, talk)
	if err == nil {
		tell(log, "gantry proxy is ready: name server "+c.String("listen"))
	}
	return p, err
}

func openProxy(config proxy.Config, talk gossipSettings) (running, error) {
	tellAdvertised(config)
	others := &proxyGossip{log: config.Log}
	config.OnSelf, config.OnNews = others.restate, others.share
	first := config.Prepare
	config.Prepare = func(p *proxy.Server) {
		if first != nil {
			first(p)
		}
		others.prepare(talk, config, p)
	}
	p, err := proxy.Start(config)
	if err != nil {
		return nil, err
	}
	return proxyRole{p, others}, nil
}

// tellAdvertised logs whose address clients will be told.
func tellAdvertised(config proxy.Config) {
	switch {
	case config.RouteMode == proxy.DirectRoutes:
		config.Log.Info("clients are told the storage nodes' own addresses", "by", "routeMode=direct")
	case config.AdvertiseAddr == "":
		config.Log.Info("each client is told the address that it connects to; behind NAT or a port mapping set advertiseAddr", "others", others(interfaceAddrs(), netip.Addr{}))
	default:
		identity{key: "advertiseAddr", told: config.AdvertiseAddr}.check(config.Log, interfaceAddrs())
	}
}

// newProxyID tells one run of a proxy from every other.
func newProxyID() string { return rand.Text() }
