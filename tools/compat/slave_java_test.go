package compat

import (
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/stage"
)

// mixed is a pair of which one copy is a real broker 4.9.7.
type mixed struct {
	copies
	c            *stage.Client
	topic, group string
}

// consumeOnce has a group consume what is sent, and waits until both copies have messages and commits.
func (m *mixed) consumeOnce(t *testing.T, master, slave string) {
	t.Helper()
	m.c.Producer().Send(agent.Sync, stage.Messages(m.topic, storyMessages)...)
	consumer := m.c.Subscribe(m.topic, m.group)
	consumer.AwaitCount(deliveryTime, storyMessages)
	for _, address := range []string{master, slave} { // a Java slave asks each 10 s
		stage.Eventually(t, 60*time.Second, "all messages and commits at "+address, func() bool {
			end := total(func(q int) int64 { return endOfQueue(t, address, m.topic, q) }, storyQueues)
			return end == storyMessages && committed(address, m.group, m.topic, storyQueues) == storyMessages
		})
	}
	consumer.Shutdown()
}

func TestAJavaSlaveHasAGantryMastersMessagesAndTables(t *testing.T) {
	t.Parallel()
	r := releaseOf(t, "4.9.7", (*artifacts.Set).ServerClasspath)
	m := mixed{copies: copies{proxy: proxyFor(t, nil)}}
	m.master = copyAt(t, m.proxy.Address, "master", nil)
	place := r.config(t, map[string]string{"brokerRole": "SLAVE", "brokerId": "1"})
	place.RegisterAt = m.proxy.Address
	slave := r.broker(t, place)
	m.awaitRoute(t, "TBW102", "0", "1")
	m.c = theatre.Client(t, agent.Java498, namesrv{list: m.proxy.Address})
	m.topic, m.group = m.c.Topic(storyQueues), m.c.Unique("group")
	m.consumeOnce(t, m.master.Address, slave.Address)
	const getAllSubscriptionGroupConfig = 201
	var groups struct {
		SubscriptionGroupTable map[string]any `json:"subscriptionGroupTable"`
	}
	ask(t, slave.Address, getAllSubscriptionGroupConfig, nil, &groups)
	if groups.SubscriptionGroupTable[m.group] == nil {
		t.Errorf("the slave does not know the group: %v", groups)
	}
}

func TestAGantrySlaveHasAJavaMastersMessagesAndTablesAndHandsBackItsOffsets(t *testing.T) {
	t.Parallel()
	r := releaseOf(t, "4.9.7", (*artifacts.Set).ServerClasspath)
	m := mixed{copies: copies{proxy: proxyFor(t, nil)}}
	place := r.config(t, nil)
	place.RegisterAt = m.proxy.Address
	master := r.broker(t, place)
	awaitShard(t, 20*time.Second, m.proxy.Address, "TBW102", map[string]string{"0": master.Address})
	m.slave = copyAt(t, m.proxy.Address, "slave", map[string]string{"brokerRole": "SLAVE", "brokerId": "1"})
	m.awaitRoute(t, "TBW102", "0", "1")
	m.c = theatre.Client(t, agent.Java498, namesrv{list: m.proxy.Address})
	m.topic, m.group = m.c.Topic(storyQueues), m.c.Unique("group")
	m.consumeOnce(t, master.Address, m.slave.Address)

	m.c.Producer().Send(agent.Sync, stage.Messages(m.topic, storyMessages)...)
	stage.Eventually(t, 20*time.Second, "all messages at the slave", func() bool {
		return total(func(q int) int64 { return endOfQueue(t, m.slave.Address, m.topic, q) }, storyQueues) == 2*storyMessages
	})
	master.Kill()
	m.awaitRoute(t, m.topic, "1")
	meanwhile := m.c.Subscribe(m.topic, m.group)
	meanwhile.AwaitCount(pollTime, storyMessages)
	stage.Eventually(t, 30*time.Second, "the commits at the slave", func() bool {
		return committed(m.slave.Address, m.group, m.topic, storyQueues) == 2*storyMessages
	})
	meanwhile.Shutdown()
	r.broker(t, place)
	stage.Eventually(t, 30*time.Second, "the commits at the master that has returned", func() bool {
		return committed(master.Address, m.group, m.topic, storyQueues) == 2*storyMessages
	})
}

// Master and slave find each other through a stock name server as well.
func TestAGantryPairOfARealNameServer(t *testing.T) {
	t.Parallel()
	r := releaseOf(t, "4.9.7", (*artifacts.Set).ServerClasspath)
	list := r.namesrv(t, r.config(t, nil)).Address
	master := copyAt(t, list, "master", map[string]string{"brokerRole": "SYNC_MASTER"})
	awaitShard(t, 20*time.Second, list, "TBW102", map[string]string{"0": master.Address})
	slave := copyAt(t, list, "slave", map[string]string{"brokerRole": "SLAVE", "brokerId": "1"})
	awaitShard(t, 20*time.Second, list, "TBW102", map[string]string{"0": master.Address, "1": slave.Address})
	m := mixed{c: theatre.Client(t, agent.Go212, namesrv{list: list})}
	m.topic, m.group = m.c.Topic(storyQueues), m.c.Unique("group")
	m.consumeOnce(t, master.Address, slave.Address)
}
