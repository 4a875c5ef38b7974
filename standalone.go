package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"

	"github.com/urfave/cli/v2"

	"gantry/proxy"
	"gantry/remoting/memnet"
	"gantry/storenode"
	"gantry/storenode/vfs"
)

// Names on the network that carries proxy and node in one process.
const (
	memNode    = "node"
	memNamesrv = "namesrv"
)

// standaloneName is the one shard's name where none is configured: a store keeps
// its shard's name, and a host may change its own.
const standaloneName = "broker-a"

// standaloneBasePort is where the one shard is served: RocketMQ's broker port.
const standaloneBasePort = 10911

// standalone is a proxy and a node that meet in memory, through the same code
// that carries them over a network.
type standalone struct {
	proxy *proxy.Server
	node  *storenode.Node
}

func startStandalone(c *cli.Context, log *slog.Logger) (running, error) {
	host, port, err := splitListen(c.String("listen"))
	if err != nil {
		return nil, err
	}
	node := storenode.DefaultConfig()
	node.StorePathRootDir, node.ShardSlot = c.String("data"), 0
	front := proxy.Config{BindAddress: host, ListenPort: port, GatewayBasePort: standaloneBasePort}
	unused := defaultGossip()
	if err := readSettings(log, c.String("c"), &node, &front, &unused); err != nil {
		return nil, err
	}
	tellUnused(log, node, unused)
	if err := printAsked(c, &node, &front); err != nil {
		return nil, err
	}
	node.SaveSettings = keepIn(c.String("c"))
	return openStandalone(log, node, front)
}

// tellUnused says which settings of a node standalone has no use for.
func tellUnused(log *slog.Logger, node storenode.Config, unused gossipSettings) {
	if unused.NamesrvAddr = ""; unused != defaultGossip() {
		log.Warn("gossipSeeds, gossipPort and gossipKey have no effect: standalone has no gossip")
	}
	if node.NamesrvAddr != "" {
		log.Warn("namesrvAddr has no effect: standalone is its own name server", "namesrvAddr", node.NamesrvAddr)
	}
	if node.ListenPort != storenode.DefaultConfig().ListenPort {
		log.Warn("listenPort has no effect: standalone serves its shard at gatewayBasePort", "listenPort", node.ListenPort)
	}
}

func openStandalone(log *slog.Logger, node storenode.Config, front proxy.Config) (running, error) {
	network := &memnet.Network{}
	registrations, err := network.Listen(memNamesrv)
	if err != nil {
		return nil, err
	}
	front.Log, front.ProxyID, front.Release, node.Release = log, newProxyID(), release, release
	front.Dial = func(ctx context.Context, _ string) (net.Conn, error) { return network.Dial(ctx, memNode) }
	p, err := proxy.Start(front, registrations)
	if err != nil {
		return nil, err
	}
	s := &standalone{proxy: p}
	if node.Listener, err = network.Listen(memNode); err != nil {
		return nil, errors.Join(err, s.Close(context.Background()))
	}
	node.Log, node.NamesrvAddr, node.NamesrvDial = log, memNamesrv, network.Dial
	identify(log, &node, front)
	if s.node, err = storenode.Open(node, vfs.OS{}); err != nil {
		return nil, errors.Join(err, s.Close(context.Background()))
	}
	if err := p.AwaitShard(node.BrokerName); err != nil {
		return nil, errors.Join(err, s.Close(context.Background()))
	}
	tell(log, fmt.Sprintf("gantry standalone is ready: name server %s, broker[%s, %s]",
		net.JoinHostPort(front.BindAddress, strconv.Itoa(front.ListenPort)), node.BrokerName, node.Address()))
	return s, nil
}

// identify fills in what the shard calls itself where nobody said: the address
// that clients reach it at through this process.
func identify(log *slog.Logger, node *storenode.Config, front proxy.Config) {
	node.ListenPort = front.GatewayBasePort
	if node.BrokerName == "" {
		node.BrokerName = standaloneName
	}
	if node.BrokerIP1 != "" {
		return
	}
	node.BrokerIP1 = front.AdvertiseAddr
	if ip := net.ParseIP(front.BindAddress); node.BrokerIP1 == "" && ip != nil && !ip.IsUnspecified() {
		node.BrokerIP1 = front.BindAddress
	}
	if net.ParseIP(node.BrokerIP1) == nil {
		node.BrokerIP1 = identity{key: "brokerIP1"}.address(log)
	}
}

// Close implements running: the proxy takes nothing new, the node answers what is
// under way, and its clients get those answers before they are let go.
func (s *standalone) Close(ctx context.Context) error {
	var err error
	s.proxy.Settle(ctx)
	if s.node != nil {
		err = s.node.Close(ctx)
	}
	s.proxy.Close(ctx)
	return err
}
