package protocol

import "gantry/remoting"

// DeleteTopicInNamesrvRequest takes a topic out of all routes (code 216).
type DeleteTopicInNamesrvRequest struct {
	Topic       string
	ClusterName string // 4.7 and later
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *DeleteTopicInNamesrvRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = DeleteTopicInNamesrvRequest{
		Topic:       r.String("topic"),
		ClusterName: r.OptString("clusterName"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h DeleteTopicInNamesrvRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
	w.OptString("clusterName", h.ClusterName)
}
