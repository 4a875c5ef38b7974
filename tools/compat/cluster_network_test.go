package compat

import (
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/tools/compat/stage"
	"gantry/tools/localcluster"
)

// clusterConfig is for proxies and nodes of this repository's binary.
func clusterConfig(t *testing.T, proxies int, shards ...string) localcluster.Config {
	t.Helper()
	return localcluster.Config{Binary: filepath.Join(theatre.Artifacts(t).Repository(), "bin", "gantry"), Dir: t.TempDir(), Proxies: proxies, Shards: shards}
}

func TestHostsThatAreCutApartReachAllOthersButNotEachOther(t *testing.T) {
	t.Parallel()
	config := clusterConfig(t, 2, "a")
	config.Namespaces = true
	c := localcluster.Start(t, config)
	cut, whole, node := c.Proxies[0], c.Proxies[1], c.Nodes[0]
	through := map[*localcluster.Member]string{}
	for _, p := range c.Proxies {
		shards, err := p.Shards(t.Context())
		must(t, err)
		through[p] = shards["a"]
	}
	must(t, c.Cut(cut, node))
	for name, check := range map[string]struct {
		address  string
		question *remoting.Request
		answered bool
	}{
		"the node through the cut proxy":   {through[cut], offsetRequest(), false},
		"the node through the whole proxy": {through[whole], offsetRequest(), true},
		"the node":                         {node.Address, offsetRequest(), true},
		"the cut proxy's name server":      {cut.Address, routeRequest("TBW102"), true},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		if _, err := localcluster.Ask(ctx, check.address, check.question); (err == nil) != check.answered {
			t.Errorf("asking %s gives %v", name, err)
		}
		cancel()
	}
	must(t, c.Heal(cut, node))
	must(t, c.AwaitReady(t.Context()))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func offsetRequest() *remoting.Request {
	return &remoting.Request{Code: protocol.GetMaxOffset, Header: protocol.GetMaxOffsetRequest{Topic: "TBW102"}}
}

func routeRequest(topic string) *remoting.Request {
	return &remoting.Request{Code: protocol.GetRouteInfoByTopic, Header: protocol.GetRouteInfoByTopicRequest{Topic: topic}}
}

func TestAClustersNetworkIsItsOwnAndGoneWhenItCloses(t *testing.T) {
	t.Parallel()
	config := clusterConfig(t, 1)
	config.Namespaces = true
	one, err := localcluster.New(config)
	must(t, err)
	config.Dir = t.TempDir()
	other, err := localcluster.New(config)
	must(t, err)
	if one.Proxies[0].IP == other.Proxies[0].IP {
		t.Errorf("two clusters have the address %s", one.Proxies[0].IP)
	}
	subnet := net.ParseIP(one.Proxies[0].IP).Mask(net.CIDRMask(24, 32)).String()
	if !routed(t, subnet) {
		t.Errorf("there is no route to %s", subnet)
	}
	must(t, one.Close())
	must(t, other.Close())
	stage.Eventually(t, 10*time.Second, "an end of the route to "+subnet, func() bool { return !routed(t, subnet) })
}

func routed(t *testing.T, subnet string) bool {
	t.Helper()
	routes, err := exec.CommandContext(t.Context(), "ip", "route").CombinedOutput()
	if err != nil {
		t.Fatalf("ip route: %v: %s", err, routes)
	}
	return strings.Contains(string(routes), subnet+"/")
}
