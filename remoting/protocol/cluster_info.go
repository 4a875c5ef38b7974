package protocol

// ClusterInfo answers code 106: shards by brokerName, and the brokerNames of
// each cluster. Its int keys are quoted, which every client and tool reads.
type ClusterInfo struct {
	BrokerAddrTable  Table[string, BrokerData]  `json:"brokerAddrTable"`
	ClusterAddrTable Table[string, Set[string]] `json:"clusterAddrTable"`
}

// Decode reads a body.
func (b *ClusterInfo) Decode(body []byte) error {
	*b = ClusterInfo{}
	return unmarshal("cluster info", body, b)
}

// Encode writes a body.
func (b ClusterInfo) Encode() []byte { return marshal(b) }
