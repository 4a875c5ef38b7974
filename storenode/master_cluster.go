package storenode

import (
	"context"
	"sync"
	"time"

	"gantry/remoting"
	"gantry/remoting/properties"
	"gantry/remoting/protocol"
)

// compareBound is how long a master may take to say what its cluster is.
const compareBound = 2 * time.Second

// masterCluster compares a slave's brokerClusterName with its master's (code 26),
// once for each master. Name servers pair them by brokerName alone, so a slip there
// goes unnoticed until clients of one cluster miss the shard's messages.
type masterCluster struct {
	mu    sync.Mutex // guards asked
	asked string
}

func (m *masterCluster) first(master string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	isNew := master != "" && master != m.asked
	if isNew {
		m.asked = master
	}
	return isNew
}

// compareCluster hears from a name server where the master is.
func (n *Node) compareCluster(master string) {
	if n.config.Role() != Slave || master == n.config.Address() || !n.gate.enter() {
		return
	}
	defer n.gate.leave()
	if n.master.first(master) {
		n.background.do(func() { n.warnOfCluster(master) })
	}
}

func (n *Node) warnOfCluster(master string) {
	ctx, cancel := context.WithTimeout(context.Background(), compareBound)
	defer cancel()
	cluster, err := n.clusterOf(ctx, master)
	if err != nil || cluster == n.config.BrokerClusterName {
		return // who cannot be asked is told of by what copies from it
	}
	n.log.Warn("this slave and its master are in different clusters: write the master's brokerClusterName into the slave's configuration",
		"key", "brokerClusterName", "slave", n.config.BrokerClusterName, "master", cluster, "master_addr", master)
}

func (n *Node) clusterOf(ctx context.Context, addr string) (string, error) {
	dial := n.config.PeerDial
	if dial == nil {
		dial = remoting.DialTCP
	}
	c, err := remoting.Dial(ctx, dial, addr, remoting.Limits{}, nil)
	if err != nil {
		return "", err
	}
	defer c.Close()
	answer, err := c.Invoke(ctx, &remoting.Request{Code: protocol.GetBrokerConfig})
	if err != nil {
		return "", err
	}
	entries, err := properties.Parse(answer.Body)
	cluster, _ := properties.Get(entries, "brokerClusterName")
	if err == nil && cluster == "" {
		err = protocol.Errorf(answer.Code, "no brokerClusterName in the answer: %s", answer.Remark)
	}
	return cluster, err
}
