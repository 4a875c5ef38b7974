package nameserver

import (
	"errors"
	"time"
)

// masterID is the brokerId under which a shard's master registers.
const masterID = 0

// ErrTableFull refuses a node beyond Config.MaxNodes.
var ErrTableFull = errors.New("no room for another broker")

// Registered is what the table made of a registration.
type Registered struct {
	MasterAddr    string // told to a slave whose master is known, else empty
	HAServerAddr  string
	Slot          int           // the slot the node is to record, NoSlot without gateway
	SlotWait      time.Duration // where positive, the node is to register again after it: for a slot, to have its own advertised, or to hear of its master
	First         bool
	Outdated      bool  // not taken: another address has the brokerId in a later state
	ShardsChanged bool  // an address or a slot is not what it was
	SlotRefused   error // a *SlotError: the claim was not granted, or no slot is free
}

// NodeID is a copy of a shard.
type NodeID struct {
	BrokerName string
	BrokerID   int64
}

// NodeAddr is a copy of a shard under the address that it registered with.
type NodeAddr struct {
	NodeID
	Addr string
}

// Shard is what the table knows of one brokerName.
type Shard struct {
	Cluster    string
	BrokerName string

	// Of brokers from 5.0 on.
	ZoneName     string
	ActingMaster bool // the copy of the lowest brokerId stands in for a lost master

	Slot  int    // NoSlot until a node has recorded it and nobody contests it: not to be advertised
	Nodes []Node // by BrokerID
}

// Node is one registered copy of a shard, under its own address.
type Node struct {
	BrokerID     int64
	Addr         string
	HAServerAddr string
	Gateway      bool // can be reached through a proxy
}
