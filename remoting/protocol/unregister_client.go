package protocol

import "gantry/remoting"

// UnregisterClientRequest takes a client out of its groups (code 35).
type UnregisterClientRequest struct {
	ClientID      string
	ProducerGroup string
	ConsumerGroup string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *UnregisterClientRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = UnregisterClientRequest{
		ClientID:      r.String("clientID"),
		ProducerGroup: r.OptString("producerGroup"),
		ConsumerGroup: r.OptString("consumerGroup"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h UnregisterClientRequest) Encode(w *remoting.FieldWriter) {
	w.String("clientID", h.ClientID)
	w.OptString("producerGroup", h.ProducerGroup)
	w.OptString("consumerGroup", h.ConsumerGroup)
}
