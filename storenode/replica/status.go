package replica

import (
	"net"
	"strconv"
	"time"

	"gantry/storenode/commitlog"
)

// MasterStatus is what a master knows of its slaves.
type MasterStatus struct {
	End    commitlog.Offset // of the log
	Slaves []FollowerStatus // connected ones in the order they came, then the last that left
}

// FollowerStatus is one slave as its master sees it.
type FollowerStatus struct {
	Addr      string // of the slave's end of the connection
	State     FollowerState
	Since     time.Time        // it has been in this state
	Requested commitlog.Offset // its first report
	Sent      commitlog.Offset // what follows is not sent yet
	Acked     commitlog.Offset // its last report
	LagBytes  int64            // from Acked to the log's end
	Lag       time.Duration    // how old what it does not have may be; 0 where it has everything
	LastError string           // why the connection ended
}

// FollowerState says how far a slave's connection has come.
type FollowerState string

const (
	FollowerGreeting FollowerState = "greeting" // it has reported nothing yet
	FollowerCopying  FollowerState = "copying"  // it is sent what it has not yet
	FollowerGone     FollowerState = "gone"     // its connection has ended
)

// SlaveStatus is a slave as it sees itself.
type SlaveStatus struct {
	Master    Address
	State     SlaveState
	Since     time.Time        // it has been in this state
	End       commitlog.Offset // of its log
	MasterEnd commitlog.Offset // of its master's, as far as it has heard
	LagBytes  int64            // from End to MasterEnd; negative where the slave is ahead
	Lag       time.Duration    // since it last had all it had heard of; 0 where it has
	LastError string           // the last, also when it has gone on since
}

// SlaveState says how far a slave has come.
type SlaveState string

const (
	SlaveUnguided   SlaveState = "no master known"
	SlaveConnecting SlaveState = "connecting"
	SlaveComparing  SlaveState = "comparing" // its last record with the master's
	SlaveCopying    SlaveState = "copying"
	// SlaveStopped: its log is not a beginning of its master's. LastError names both offsets.
	SlaveStopped SlaveState = "stopped"
)

// Address is where a master is reached, both HOST:PORT.
type Address struct {
	HA string // its haListenPort: haServerAddr, or haMasterAddress
	// Master is its listenPort, asked for where its log begins and ends: masterAddr. Where it is empty it is taken to be one
	// below HA's port, on the same host, as brokers choose it.
	Master string
}

func (a Address) whole() Address {
	host, port, err := net.SplitHostPort(a.HA)
	if number, portErr := strconv.Atoi(port); a.Master == "" && err == nil && portErr == nil {
		a.Master = net.JoinHostPort(host, strconv.Itoa(number-1))
	}
	return a
}
