package storenode

import (
	"net"
	"strconv"
	"strings"

	"gantry/remoting/properties"
)

// Role is what a copy does for its shard: brokerRole and brokerId together (BrokerStartup 4.9.7).
type Role int

const (
	AsyncMaster Role = iota // an acknowledgement waits for this copy alone
	SyncMaster              // it waits for a slave too
	Slave                   // copies its master, takes no messages, serves reads
)

// roles are the words of brokerRole.
var roles = map[string]Role{"ASYNC_MASTER": AsyncMaster, "SYNC_MASTER": SyncMaster, "SLAVE": Slave}

// Role is what the node starts as. A brokerId above 0 beside a master's role is
// a slave: Java makes a second master of it, with brokerId 0.
func (c Config) Role() Role {
	if c.BrokerID > 0 {
		return Slave
	}
	return roles[c.BrokerRole]
}

// masterID is a master's brokerId.
const masterID = 0

func (c Config) validateRole() error {
	role, known := roles[c.BrokerRole]
	switch {
	case !known:
		return properties.Refuse("brokerRole", c.BrokerRole, "is none of ASYNC_MASTER, SYNC_MASTER and SLAVE")
	case c.BrokerID < masterID:
		return properties.Refuse("brokerId", c.BrokerID, "is below 0")
	case role == Slave && c.BrokerID == masterID:
		return properties.Refuse("brokerId", c.BrokerID, "must be above 0 with brokerRole=SLAVE")
	}
	if c.HAMasterAddress == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(c.HAMasterAddress); err != nil {
		return properties.Refuse("haMasterAddress", c.HAMasterAddress, "is not HOST:PORT of the master's haListenPort")
	}
	return nil
}

// haListenPort is where slaves copy from the node.
func (c Config) haListenPort() int {
	if c.HAListenPort != 0 {
		return c.HAListenPort
	}
	return c.ListenPort + 1
}

// haServerAddr is what slaves are told of it.
func (c Config) haServerAddr() string {
	host := c.BrokerIP2
	if host == "" {
		host = c.BrokerIP1
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(c.haListenPort()))
}
