package protocol

import "gantry/remoting"

// GetConsumerStatusFromClientRequest asks a consumer for its offsets (codes 221 and 223).
type GetConsumerStatusFromClientRequest struct {
	Topic      string
	Group      string
	ClientAddr string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetConsumerStatusFromClientRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetConsumerStatusFromClientRequest{
		Topic:      r.String("topic"),
		Group:      r.String("group"),
		ClientAddr: r.OptString("clientAddr"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetConsumerStatusFromClientRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
	w.String("group", h.Group)
	w.OptString("clientAddr", h.ClientAddr)
}
