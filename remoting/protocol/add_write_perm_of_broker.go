package protocol

import "gantry/remoting"

// AddWritePermOfBrokerRequest gives the write permission back to a broker's queues (code 327).
type AddWritePermOfBrokerRequest struct {
	BrokerName string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *AddWritePermOfBrokerRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = AddWritePermOfBrokerRequest{
		BrokerName: r.String("brokerName"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h AddWritePermOfBrokerRequest) Encode(w *remoting.FieldWriter) {
	w.String("brokerName", h.BrokerName)
}

// AddWritePermOfBrokerResponse answers code 327.
type AddWritePermOfBrokerResponse struct {
	AddTopicCount int32
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *AddWritePermOfBrokerResponse) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = AddWritePermOfBrokerResponse{
		AddTopicCount: r.Int32("addTopicCount"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h AddWritePermOfBrokerResponse) Encode(w *remoting.FieldWriter) {
	w.Int("addTopicCount", int64(h.AddTopicCount))
}
