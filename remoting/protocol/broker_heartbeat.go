package protocol

import "gantry/remoting"

// BrokerHeartbeatRequest says that a broker lives (code 904, brokers from 5.0
// on; most send it oneway). What a broker tells its controller beside is not
// read.
type BrokerHeartbeatRequest struct {
	ClusterName string
	BrokerAddr  string
	BrokerName  string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *BrokerHeartbeatRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = BrokerHeartbeatRequest{
		ClusterName: r.String("clusterName"),
		BrokerAddr:  r.String("brokerAddr"),
		BrokerName:  r.String("brokerName"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h BrokerHeartbeatRequest) Encode(w *remoting.FieldWriter) {
	w.String("clusterName", h.ClusterName)
	w.String("brokerAddr", h.BrokerAddr)
	w.String("brokerName", h.BrokerName)
}
