package protocol

import "gantry/remoting"

// GetTopicConfigRequest asks for one topic (code 351, 5.x); the answer's body is a TopicConfig.
type GetTopicConfigRequest struct {
	Topic string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetTopicConfigRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetTopicConfigRequest{
		Topic: r.String("topic"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetTopicConfigRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
}
