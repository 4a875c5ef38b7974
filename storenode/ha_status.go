package storenode

import (
	"gantry/remoting"
	"gantry/storenode/hastatus"
	"gantry/storenode/replica"
	"gantry/storenode/tables"
)

// How the shard's copies stand, a code of our own (hastatus.Code).

func (n *Node) haStatus(*remoting.Command, *remoting.Channel) (*remoting.Response, error) {
	s := hastatus.Status{BrokerName: n.config.BrokerName, BrokerID: n.config.BrokerID, Role: n.config.roleName(),
		Begin: int64(n.store.Log().Min()), End: int64(n.store.Log().End())}
	r := n.Replication()
	if r.Master != nil {
		for _, f := range r.Master.Slaves {
			s.Slaves = append(s.Slaves, haSlave(f))
		}
	}
	if r.Slave != nil {
		s.Self = haSelf(r.Slave, n.copies.follower.Status())
	}
	return &remoting.Response{Body: s.Encode()}, nil
}

func haSlave(f replica.FollowerStatus) hastatus.Slave {
	return hastatus.Slave{Addr: f.Addr, State: string(f.State), Since: f.Since, Acked: int64(f.Acked), LagBytes: f.LagBytes, Lag: f.Lag, LastError: f.LastError}
}

func haSelf(s *replica.SlaveStatus, t tables.Status) *hastatus.Self {
	return &hastatus.Self{HAAddr: s.Master.HA, State: string(s.State), Since: s.Since, MasterEnd: int64(s.MasterEnd),
		LagBytes: s.LagBytes, Lag: s.Lag, LastError: s.LastError,
		TablesFrom: t.Master, TablesHeardAt: t.HeardAt, TablesLastError: t.LastError}
}
