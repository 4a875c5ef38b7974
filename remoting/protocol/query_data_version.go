package protocol

import "gantry/remoting"

// QueryDataVersionRequest asks whether a broker's topics changed (code 322); the body is
// the DataVersion it has.
type QueryDataVersionRequest struct {
	BrokerName  string
	BrokerAddr  string
	ClusterName string
	BrokerID    int64
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *QueryDataVersionRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = QueryDataVersionRequest{
		BrokerName:  r.String("brokerName"),
		BrokerAddr:  r.String("brokerAddr"),
		ClusterName: r.String("clusterName"),
		BrokerID:    r.Int64("brokerId"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h QueryDataVersionRequest) Encode(w *remoting.FieldWriter) {
	w.String("brokerName", h.BrokerName)
	w.String("brokerAddr", h.BrokerAddr)
	w.String("clusterName", h.ClusterName)
	w.Int("brokerId", h.BrokerID)
}

// QueryDataVersionResponse answers code 322; the body is the DataVersion last registered.
type QueryDataVersionResponse struct {
	Changed bool
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *QueryDataVersionResponse) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = QueryDataVersionResponse{
		Changed: r.Bool("changed"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h QueryDataVersionResponse) Encode(w *remoting.FieldWriter) {
	w.Bool("changed", h.Changed)
}
