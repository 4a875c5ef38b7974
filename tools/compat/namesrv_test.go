package compat

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/realbroker"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

// proxyFor starts a Gantry proxy, the only name server of real brokers.
func proxyFor(t *testing.T, properties map[string]string) *server.Alone {
	t.Helper()
	p, err := server.StartProxy(t.Context(), server.Config{
		Set: theatre.Artifacts(t), Dir: filepath.Join(t.TempDir(), "proxy"), ProxyProperties: properties,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// A Java broker knows nothing of gateways: clients that ask the proxy are led to the broker's own address.
func TestRealBrokersRegisterWithAGantryProxyAndAreRoutedDirectly(t *testing.T) {
	t.Parallel()
	eachRelease(t, func(t *testing.T, r release) {
		proxy := proxyFor(t, nil)
		place := r.config(t, map[string]string{"compressedRegister": oldOnly(r, "true"), "forceRegister": "false"})
		place.RegisterAt = proxy.Address
		master := r.broker(t, place)
		awaitShard(t, 20*time.Second, proxy.Address, "TBW102", map[string]string{"0": master.Address})
		smokeEach(t, proxy.Address)
		pair := addSlave(t, r, proxy, master)
		t.Run("mqadmin", func(t *testing.T) { administer(t, r, proxy.Address, pair) })

		end(t, proxy, master.Process.Stop, "broker unregistered", map[string]string{"1": pair["1"]})
		master = r.broker(t, place)
		awaitShard(t, 20*time.Second, proxy.Address, "TBW102", pair)
		end(t, proxy, func() error { master.Kill(); return nil }, "broker left with its connection", map[string]string{"1": pair["1"]})
	})
}

// oldOnly is a property's value for 4.9.7, and false for later releases: 5.3.3 compresses its registration and says that it did
// not, so that its own name server does not take it either.
func oldOnly(r release, value string) string {
	if r.name != "4.9.7" {
		return "false"
	}
	return value
}

// addSlave starts the shard's slave, which finds its master through the proxy and copies from it. It returns where both are.
func addSlave(t *testing.T, r release, proxy *server.Alone, master *realbroker.Alone) map[string]string {
	t.Helper()
	place := r.config(t, map[string]string{"brokerId": "1", "brokerRole": "SLAVE"})
	place.RegisterAt = proxy.Address
	slave := r.broker(t, place)
	pair := map[string]string{"0": master.Address, "1": slave.Address}
	awaitShard(t, 20*time.Second, proxy.Address, "TBW102", pair)
	checkMembers(t, proxy.Address, pair)
	c := theatre.Client(t, agent.Java498, namesrv{list: proxy.Address})
	topic := c.Topic(1)
	c.Producer().Send(agent.Sync, stage.Messages(topic, 5)...)
	stage.Eventually(t, 60*time.Second, "the messages at the slave", func() bool { return endOfQueue(t, slave.Address, topic, 0) == 5 })
	return pair
}

// checkMembers looks at the pair in what the name server says of clusters and groups.
func checkMembers(t *testing.T, address string, pair map[string]string) {
	t.Helper()
	const getBrokerClusterInfo, getBrokerMemberGroup = 106, 901
	type members struct {
		BrokerName, Cluster string
		BrokerAddrs         map[string]string
	}
	var info struct {
		BrokerAddrTable  map[string]members
		ClusterAddrTable map[string][]string
	}
	ask(t, address, getBrokerClusterInfo, nil, &info)
	if got := info.BrokerAddrTable[stage.BrokerName]; !maps.Equal(got.BrokerAddrs, pair) || len(info.ClusterAddrTable["DefaultCluster"]) != 1 {
		t.Errorf("cluster info is %+v, want %v in DefaultCluster", info, pair)
	}
	var group struct{ BrokerMemberGroup members }
	ask(t, address, getBrokerMemberGroup, map[string]string{"clusterName": "DefaultCluster", "brokerName": stage.BrokerName}, &group)
	if !maps.Equal(group.BrokerMemberGroup.BrokerAddrs, pair) {
		t.Errorf("member group is %+v, want %v", group, pair)
	}
}

// end ends the master in one way, and looks at why and how soon the proxy takes it out of the route.
func end(t *testing.T, proxy *server.Alone, how func() error, why string, left map[string]string) {
	t.Helper()
	if err := how(); err != nil {
		t.Fatal(err)
	}
	awaitShard(t, goneTime, proxy.Address, "TBW102", left)
	stage.Eventually(t, goneTime, "the proxy's line: "+why, func() bool {
		output, err := proxy.Output()
		return err == nil && strings.Contains(output, why)
	})
}
