package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/urfave/cli/v2"

	"gantry/membership/gossip"
	"gantry/storenode"
	"gantry/storenode/vfs"
)

func startNode(c *cli.Context, log *slog.Logger) (running, error) {
	config, talk := nodeDefaults()
	config.Log = log
	if err := readSettings(log, c.String("c"), &config, &talk); err != nil {
		return nil, err
	}
	if given := c.String("n"); given != "" {
		config.NamesrvAddr, talk.NamesrvAddr = given, given
	}
	if err := checkNameServers(config.NamesrvAddr); err != nil {
		return nil, err
	}
	if config.StorePathRootDir == "" {
		return nil, fmt.Errorf("storePathRootDir is not set, and there is no home folder to take instead")
	}
	if config.BrokerName == "" {
		config.BrokerName = hostName()
	}
	self := identity{"brokerIP1", config.BrokerIP1, config.NamesrvAddr}
	config.BrokerIP1, config.BrokerIP2 = self.address(log), cmp.Or(config.BrokerIP2, self.within())
	if err := printAsked(c, &config, &talk); err != nil {
		return nil, err
	}
	config.SaveSettings = keepIn(c.String("c"))
	warnIfContested(log, config, c.String("c"))
	n, err := storenode.Open(config, vfs.OS{})
	if err != nil {
		return nil, explained(err, c.String("c"))
	}
	tell(log, fmt.Sprintf("The broker[%s, %s] boot success. serializeType=JSON%s", config.BrokerName,
		config.Address(), nameServerNote(config.NamesrvAddr)))
	return nodeRole{n, joinNode(log, talk, config, n)}, nil
}

// nodeDefaults is a node of whom nothing is said but by the environment.
func nodeDefaults() (storenode.Config, gossipSettings) {
	config, talk := storenode.DefaultConfig(), defaultGossip()
	if home, err := os.UserHomeDir(); err == nil {
		config.StorePathRootDir = filepath.Join(home, "store")
	}
	config.NamesrvAddr = os.Getenv("NAMESRV_ADDR")
	talk.NamesrvAddr = config.NamesrvAddr
	config.Release = release
	return config, talk
}

type nodeRole struct {
	*storenode.Node
	gossip *gossip.Gossip // nil: there is none
}

// Close implements running. The goodbye comes last: who then asks whether the
// node lives finds that it does not.
func (n nodeRole) Close(ctx context.Context) error {
	err := n.Node.Close(ctx)
	if n.gossip != nil {
		n.gossip.Close()
	}
	return err
}

// checkNameServers refuses what can be nobody's address; names need not resolve.
func checkNameServers(list string) error {
	for _, addr := range splitList(list) {
		_, port, err := net.SplitHostPort(addr)
		n, notNumber := strconv.Atoi(port)
		if err != nil || notNumber != nil || n < 1 || n > 65535 {
			return cli.Exit(fmt.Sprintf("The Name Server Address[%s] illegal: %q is not HOST:PORT, write 127.0.0.1:9876;192.168.0.1:9876", list, addr), exitRefused)
		}
	}
	return nil
}

func nameServerNote(addrs string) string {
	if addrs == "" {
		return ""
	}
	return " and name server is " + addrs
}

// hostName is the brokerName where none is configured; it need not resolve.
func hostName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "DEFAULT_BROKER"
	}
	return name
}
