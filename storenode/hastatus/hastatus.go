// Package hastatus is what a node says of its shard's copies, as `gantry admin
// haStatus` asks it: a master of each slave, a slave of itself. It is words and
// figures on their way, and knows neither who gathers nor who prints them.
//
// RocketMQ 4.9.7 tells of this no more than commitLogMaxOffset (code 28, to be
// compared by hand); 5.x has getBrokerHAStatus.
package hastatus

import (
	"encoding/json"
	"fmt"
	"time"
)

// Code asks for it. There is no header and no body; the answer's body is a Status.
const Code = 19012

// Status is one node's account.
type Status struct {
	BrokerName string
	BrokerID   int64
	Role       string // ASYNC_MASTER, SYNC_MASTER or SLAVE
	Begin, End int64  // of its log, bytes

	Slaves []Slave `json:",omitempty"` // a master's, also those that left last
	Self   *Self   `json:",omitempty"` // a slave's
}

// Slave is one connection of a slave, as the master sees it.
type Slave struct {
	Addr      string
	State     string // replica.FollowerState
	Since     time.Time
	Acked     int64 // the slave has the log up to here
	LagBytes  int64
	Lag       time.Duration
	LastError string `json:",omitempty"`
}

// Self is a slave as it sees itself.
type Self struct {
	HAAddr    string // it copies from there
	State     string // replica.SlaveState
	Since     time.Time
	MasterEnd int64 // of the master's log, as far as the slave has heard
	LagBytes  int64
	Lag       time.Duration
	LastError string `json:",omitempty"`

	TablesFrom      string    // the master's listenPort
	TablesHeardAt   time.Time // zero: never
	TablesLastError string    `json:",omitempty"`
}

// Encode writes an answer's body.
func (s Status) Encode() []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic("BUG: a status cannot be written as JSON: " + err.Error())
	}
	return text
}

// Decode reads an answer's body.
func (s *Status) Decode(body []byte) error {
	*s = Status{}
	if err := json.Unmarshal(body, s); err != nil {
		return fmt.Errorf("account of copies of %d bytes: %w", len(body), err)
	}
	return nil
}
