package protocol

import "gantry/remoting"

// UnregisterBrokerRequest withdraws a broker from a NameServer (code 104).
type UnregisterBrokerRequest struct {
	BrokerName  string
	BrokerAddr  string
	ClusterName string
	BrokerID    int64
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *UnregisterBrokerRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = UnregisterBrokerRequest{
		BrokerName:  r.String("brokerName"),
		BrokerAddr:  r.String("brokerAddr"),
		ClusterName: r.String("clusterName"),
		BrokerID:    r.Int64("brokerId"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h UnregisterBrokerRequest) Encode(w *remoting.FieldWriter) {
	w.String("brokerName", h.BrokerName)
	w.String("brokerAddr", h.BrokerAddr)
	w.String("clusterName", h.ClusterName)
	w.Int("brokerId", h.BrokerID)
}
