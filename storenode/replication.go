package storenode

import (
	"sync/atomic"

	"gantry/membership/registrar"
	"gantry/storenode/commitlog"
	"gantry/storenode/replica"
)

// The node's part in copying the log (storenode/replica): a master serves
// slaves, a slave copies. That sends wait for a slave is in slave_wait.go.

// replication is what a node has of it by its role.
type replication struct {
	master atomic.Pointer[replica.Master] // nil in a slave, and before the store is open
	slave  *replica.Slave                 // nil in a master
}

// appended is told by the appender that the log has grown.
func (r *replication) appended(end commitlog.Offset) {
	if m := r.master.Load(); m != nil {
		m.Appended(end)
	}
}

// startReplication comes right after the store is open, and so ends right before
// it: what everything else has appended is sent still.
func (n *Node) startReplication() error {
	if n.config.Role() == Slave {
		n.replicas.slave = replica.NewSlave(n.slaveConfig())
		n.replicas.slave.Follow(replica.Address{HA: n.config.HAMasterAddress})
		n.opened = append(n.opened, n.replicas.slave.Close)
		return nil
	}
	config := n.masterConfig()
	if config.Listener == nil {
		return nil
	}
	master := replica.NewMaster(config)
	n.replicas.master.Store(master)
	n.opened = append(n.opened, master.Close)
	return nil
}

// follow hears from a name server where the master is. haMasterAddress, where it
// is set, wins over what is heard.
func (r *replication) follow(a registrar.Answer, haMasterAddress string) {
	if haMasterAddress == "" {
		haMasterAddress = a.HAServerAddr
	}
	if r.slave != nil && a.MasterAddr != "" && haMasterAddress != "" {
		r.slave.Follow(replica.Address{HA: haMasterAddress, Master: a.MasterAddr})
	}
}

// ReplicationStatus is one of the two, by the node's role; both nil where nobody
// can copy.
type ReplicationStatus struct {
	Master *replica.MasterStatus
	Slave  *replica.SlaveStatus
}

// Replication says how the log's copies stand.
func (n *Node) Replication() ReplicationStatus {
	if n.replicas.slave != nil {
		s := n.replicas.slave.Status()
		return ReplicationStatus{Slave: &s}
	}
	if m := n.replicas.master.Load(); m != nil {
		s := m.Status()
		return ReplicationStatus{Master: &s}
	}
	return ReplicationStatus{}
}
