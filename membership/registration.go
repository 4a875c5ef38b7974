package membership

import (
	"encoding/json"

	"gantry/remoting/protocol"
)

// Registration is what one node states about itself to a name server
// (REGISTER_BROKER).
type Registration struct {
	Cluster      string
	BrokerName   string // the shard
	BrokerID     int64  // 0 is the master
	Addr         string // where clients reach the node itself
	HAServerAddr string // where its slaves copy from
	DataVersion  protocol.DataVersion
	Topics       map[string]protocol.TopicConfig // by name; a name server believes the master's, and others' where it is away

	// What brokers from 5.0 on state.
	StaticTopics           map[string]json.RawMessage // by name: which logical queues of a static topic this shard has
	HeartbeatTimeoutMillis int64                      // without news for so long it is gone; 0 leaves that to the name server
	StatesActingMaster     bool                       // it is such a broker: its topics count where the master is away
	EnableActingMaster     bool                       // the copy of the lowest id stands in for a lost master
	ZoneName               string

	// What only Gantry's nodes state. A node without the gateway capability is
	// reached directly, also by clients of a gateway.
	Gateway bool
	Slot    SlotClaim
}
