package compat

import (
	"strings"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/stage"
	"gantry/tools/compat/wire"
)

// What the 5.3.3 pair needs of its name server: registrations that last seconds and the heartbeats of each second that keep them,
// topics told alone, member groups, and a route in which the slave stands for the master, without permission to write.
func TestASlaveOf533ActsForItsLostMaster(t *testing.T) {
	t.Parallel()
	r := releaseOf(t, "5.3.3", (*artifacts.Set).Server533Classpath)
	proxy := proxyFor(t, map[string]string{"supportActingMaster": "true"})
	properties := map[string]string{
		"enableSlaveActingMaster": "true", "compatibleWithOldNameSrv": "false", "enableSingleTopicRegister": "true",
		"registerNameServerPeriod": "60000", "brokerNotActiveTimeoutMillis": "4000",
	}
	place := r.config(t, properties)
	place.RegisterAt = proxy.Address
	master := r.broker(t, place)
	awaitShard(t, 20*time.Second, proxy.Address, "TBW102", map[string]string{"0": master.Address})
	properties["brokerId"], properties["brokerRole"] = "1", "SLAVE"
	slavePlace := r.config(t, properties)
	slavePlace.RegisterAt = proxy.Address
	slave := r.broker(t, slavePlace)
	pair := map[string]string{"0": master.Address, "1": slave.Address}
	awaitShard(t, 20*time.Second, proxy.Address, "TBW102", pair)
	c := theatre.Client(t, agent.Java532, namesrv{list: proxy.Address})
	topic := c.Topic(1)
	c.Producer().Send(agent.Sync, stage.Messages(topic, 5)...)
	stage.Eventually(t, 60*time.Second, "the messages at the slave", func() bool { return endOfQueue(t, slave.Address, topic, 0) == 5 })

	master.Kill()
	awaitShard(t, goneTime, proxy.Address, topic, map[string]string{"0": slave.Address})
	checkPerm(t, proxy.Address, topic, 4)
	r.broker(t, place)
	awaitShard(t, 20*time.Second, proxy.Address, topic, pair)
	checkPerm(t, proxy.Address, topic, 6)
	if output, err := proxy.Output(); err != nil || strings.Contains(output, "expired") {
		t.Errorf("a registration expired in spite of its heartbeats, %v:\n%s", err, output)
	}
}

func checkPerm(t *testing.T, address, topic string, want int) {
	t.Helper()
	route, found, err := wire.AskRoute(t.Context(), address, topic)
	if err != nil || !found || len(route.Queues) != 1 {
		t.Fatalf("route of %s: %+v, %v", topic, route, err)
	}
	if got := route.Queues[0].Perm; got != want {
		t.Errorf("perm of %s is %d, want %d", topic, got, want)
	}
}
