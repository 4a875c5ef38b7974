package protocol

import "gantry/remoting"

// GetBrokerMemberGroupRequest asks which copies of a shard live (code 901,
// brokers from 5.0 on); the answer's body is a GetBrokerMemberGroupResponseBody.
type GetBrokerMemberGroupRequest struct {
	ClusterName string
	BrokerName  string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetBrokerMemberGroupRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetBrokerMemberGroupRequest{
		ClusterName: r.String("clusterName"),
		BrokerName:  r.String("brokerName"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetBrokerMemberGroupRequest) Encode(w *remoting.FieldWriter) {
	w.String("clusterName", h.ClusterName)
	w.String("brokerName", h.BrokerName)
}

// BrokerMemberGroup is where the copies of one shard are.
type BrokerMemberGroup struct {
	BrokerAddrs Table[int64, string] `json:"brokerAddrs"` // by brokerId
	BrokerName  string               `json:"brokerName"`
	Cluster     string               `json:"cluster"`
}

// GetBrokerMemberGroupResponseBody answers code 901.
type GetBrokerMemberGroupResponseBody struct {
	BrokerMemberGroup BrokerMemberGroup `json:"brokerMemberGroup"`
}

// Decode reads a body.
func (b *GetBrokerMemberGroupResponseBody) Decode(body []byte) error {
	*b = GetBrokerMemberGroupResponseBody{}
	return unmarshal("broker member group", body, b)
}

// Encode writes a body.
func (b GetBrokerMemberGroupResponseBody) Encode() []byte { return marshal(b) }
