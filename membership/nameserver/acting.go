package nameserver

import (
	"slices"
	"strings"

	"gantry/remoting/protocol"
)

// Where a shard of brokers from 5.0 on has enableActingMaster and no master, the
// copy of the lowest brokerId stands in for it: messages are read and settled
// there, none is written. Java: RouteInfoManager of 5.3.3.

// syncMemberTopic begins the topics under which brokers look for their shard's
// other copies, whose true ids they want to know.
const syncMemberTopic = "rmq_sys_SYNC_BROKER_MEMBER_"

// wipeWithoutMaster takes the write permission off a shard that a slave acts for.
func (t *Table) wipeWithoutMaster(brokerName string, s *shard) {
	if s.acting && s.nodes[masterID] == nil {
		t.setPerm(brokerName, withoutWrite)
	}
}

// withActingMaster names the copy that acts for the master as the master, with
// supportActingMaster. A shard that can be written to has a master that is only
// away for a moment.
func (s *Server) withActingMaster(topic string, shard Shard, queues protocol.QueueData) Shard {
	has := func(id int64) bool {
		return slices.ContainsFunc(shard.Nodes, func(n Node) bool { return n.BrokerID == id })
	}
	if !s.settings.Load().SupportActingMaster || !shard.ActingMaster || has(masterID) ||
		queues.Perm&protocol.PermWrite != 0 || strings.HasPrefix(topic, syncMemberTopic) {
		return shard
	}
	shard.Nodes = slices.Clone(shard.Nodes)
	shard.Nodes[0].BrokerID = masterID // they are sorted, and a registered shard has one
	return shard
}
