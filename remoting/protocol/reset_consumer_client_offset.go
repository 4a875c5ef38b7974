package protocol

import "gantry/remoting"

// ResetConsumerClientOffsetRequest tells a consumer to go to other offsets (code 220), and asks a
// broker to do so (code 222). Timestamp is a store time in ms, −1 for the end.
type ResetConsumerClientOffsetRequest struct {
	Topic     string
	Group     string
	Timestamp int64
	IsForce   bool
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *ResetConsumerClientOffsetRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = ResetConsumerClientOffsetRequest{
		Topic:     r.String("topic"),
		Group:     r.String("group"),
		Timestamp: r.Int64("timestamp"),
		IsForce:   r.Bool("isForce"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h ResetConsumerClientOffsetRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
	w.String("group", h.Group)
	w.Int("timestamp", h.Timestamp)
	w.Bool("isForce", h.IsForce)
}
