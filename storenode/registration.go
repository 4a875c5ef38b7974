package storenode

import (
	"context"

	"gantry/membership"
	"gantry/membership/registrar"
	"gantry/remoting/protocol"
)

// registration is how the node makes itself known to name servers.
func (n *Node) registration() registrar.Config {
	return registrar.Config{
		NameServers: n.config.NamesrvAddr, Current: n.current, OnAnswer: n.registered,
		Dial: n.config.NamesrvDial, PeriodMillis: int(n.config.RegisterPeriodMillis),
		TimeoutMillis: int(n.config.RegisterTimeoutMillis),
	}
}

// current is what the node states about itself now.
func (n *Node) current() membership.Registration {
	version, rows := n.topics.Snapshot()
	topics := make(map[string]protocol.TopicConfig, len(rows))
	for name, t := range rows {
		topics[name] = protocol.TopicConfig{TopicName: t.Name, Order: t.Order, Perm: int32(t.Perm) & n.permission(),
			ReadQueueNums: t.ReadQueueNums, WriteQueueNums: t.WriteQueueNums, TopicFilterType: t.FilterType, TopicSysFlag: t.SysFlag}
	}
	return membership.Registration{
		Cluster: n.config.BrokerClusterName, BrokerName: n.config.BrokerName, BrokerID: n.config.BrokerID,
		Addr: n.config.address(n.config.ListenPort), HAServerAddr: n.config.haServerAddr(),
		DataVersion: protocol.DataVersion{Counter: version.Counter, Timestamp: version.Timestamp},
		Topics:      topics, Gateway: n.config.Gateway, Slot: n.identity.claim(),
	}
}

// permission is what brokerPermission leaves of a topic's; INHERIT is not its
// business (BrokerController.doRegisterBrokerAll).
func (n *Node) permission() int32 { return n.config.now().BrokerPermission | protocol.PermInherit }

// registered hears what a name server answered. A slot is recorded before it is
// stated.
func (n *Node) registered(a registrar.Answer) {
	n.followed(a)
	n.compareCluster(a.MasterAddr)
	changed, err := n.identity.assigned(a.Slot, a.Stated)
	if err != nil {
		n.log.Error("slot not taken", "name_server", a.NameServer, "slot", a.Slot, "err", err)
		return
	}
	if changed {
		n.log.Info("slot recorded", "name_server", a.NameServer, "slot", a.Slot)
		n.stateChanged()
	}
}

// stateChanged lets name servers know at once that the node states something
// else than before.
func (n *Node) stateChanged() {
	if r := n.registrar.Load(); r != nil {
		r.Notify()
	}
}

// announce returns when every name server within reach has heard what the node
// states now, or ctx ends.
func (n *Node) announce(ctx context.Context) error {
	if r := n.registrar.Load(); r != nil {
		return r.Sync(ctx)
	}
	return nil
}

// DiscoverNameServers says which name servers gossip knows, all of them with each
// call: the node registers with them beside those of namesrvAddr.
func (n *Node) DiscoverNameServers(addrs []string) { n.registrar.Load().Discover(addrs) }
