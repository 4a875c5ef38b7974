package protocol

import "gantry/remoting"

// InvokeBrokerToResetOffsetRequest asks a broker to move a group (code 222). Timestamp is a store time in ms, −1 for the
// end. 5.x tools may name one queue, and the offset it is to go to; −1 names none.
type InvokeBrokerToResetOffsetRequest struct {
	Topic     string
	Group     string
	Timestamp int64
	IsForce   bool
	QueueID   int32
	Offset    int64
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *InvokeBrokerToResetOffsetRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = InvokeBrokerToResetOffsetRequest{
		Topic:     r.String("topic"),
		Group:     r.String("group"),
		Timestamp: r.Int64("timestamp"),
		IsForce:   r.Bool("isForce"),
		QueueID:   r.OptInt32("queueId", -1),
		Offset:    r.OptInt64("offset", -1),
	}
	return r.Err()
}

// Encode writes the fields.
func (h InvokeBrokerToResetOffsetRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
	w.String("group", h.Group)
	w.Int("timestamp", h.Timestamp)
	w.Bool("isForce", h.IsForce)
	w.Int("queueId", int64(h.QueueID))
	w.Int("offset", h.Offset)
}
