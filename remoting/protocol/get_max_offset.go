package protocol

import "gantry/remoting"

// GetMaxOffsetRequest asks for the offset after a queue's last message (code 30).
type GetMaxOffsetRequest struct {
	Topic      string
	QueueID    int32
	BrokerName string // 4.9.5 and later
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetMaxOffsetRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetMaxOffsetRequest{
		Topic:      r.String("topic"),
		QueueID:    r.Int32("queueId"),
		BrokerName: r.OptString("bname"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetMaxOffsetRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	w.OptString("bname", h.BrokerName)
}

// GetMaxOffsetResponse answers code 30.
type GetMaxOffsetResponse struct {
	Offset int64
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetMaxOffsetResponse) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetMaxOffsetResponse{
		Offset: r.Int64("offset"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetMaxOffsetResponse) Encode(w *remoting.FieldWriter) {
	w.Int("offset", h.Offset)
}
