package membership

import "gantry/remoting/protocol"

// Registration is what one node states about itself to a name server
// (REGISTER_BROKER).
type Registration struct {
	Cluster      string
	BrokerName   string // the shard
	BrokerID     int64  // 0 is the master
	Addr         string // where clients reach the node itself
	HAServerAddr string // where its slaves copy from
	DataVersion  protocol.DataVersion
	Topics       map[string]protocol.TopicConfig // by name; a name server believes the master's only

	// What only Gantry's nodes state. A node without the gateway capability is
	// reached directly, also by clients of a gateway.
	Gateway bool
	Slot    SlotClaim
}
