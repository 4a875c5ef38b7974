package protocol

import "gantry/remoting"

// WipeWritePermOfBrokerRequest takes the write permission from a broker's queues (code 205).
type WipeWritePermOfBrokerRequest struct {
	BrokerName string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *WipeWritePermOfBrokerRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = WipeWritePermOfBrokerRequest{
		BrokerName: r.String("brokerName"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h WipeWritePermOfBrokerRequest) Encode(w *remoting.FieldWriter) {
	w.String("brokerName", h.BrokerName)
}

// WipeWritePermOfBrokerResponse answers code 205.
type WipeWritePermOfBrokerResponse struct {
	WipeTopicCount int32
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *WipeWritePermOfBrokerResponse) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = WipeWritePermOfBrokerResponse{
		WipeTopicCount: r.Int32("wipeTopicCount"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h WipeWritePermOfBrokerResponse) Encode(w *remoting.FieldWriter) {
	w.Int("wipeTopicCount", int64(h.WipeTopicCount))
}
