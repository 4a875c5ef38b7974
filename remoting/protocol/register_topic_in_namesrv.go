package protocol

import "gantry/remoting"

// RegisterTopicInNamesrvRequest tells a NameServer of one topic of brokers that
// it knows (code 217, brokers from 5.1 on); the body is a TopicRouteData of
// which only the queues are read.
type RegisterTopicInNamesrvRequest struct {
	Topic string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *RegisterTopicInNamesrvRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = RegisterTopicInNamesrvRequest{
		Topic: r.String("topic"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h RegisterTopicInNamesrvRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
}
