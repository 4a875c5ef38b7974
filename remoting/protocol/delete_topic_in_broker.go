package protocol

import "gantry/remoting"

// DeleteTopicInBrokerRequest takes a topic from a broker (code 215).
type DeleteTopicInBrokerRequest struct {
	Topic string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *DeleteTopicInBrokerRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = DeleteTopicInBrokerRequest{
		Topic: r.String("topic"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h DeleteTopicInBrokerRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
}
