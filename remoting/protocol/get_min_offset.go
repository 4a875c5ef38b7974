package protocol

import "gantry/remoting"

// GetMinOffsetRequest asks for a queue's first offset (code 31).
type GetMinOffsetRequest struct {
	Topic      string
	QueueID    int32
	BrokerName string // 4.9.5 and later
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetMinOffsetRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetMinOffsetRequest{
		Topic:      r.String("topic"),
		QueueID:    r.Int32("queueId"),
		BrokerName: r.OptString("bname"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetMinOffsetRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	w.OptString("bname", h.BrokerName)
}

// GetMinOffsetResponse answers code 31; −1 stands for a queue that does not exist.
type GetMinOffsetResponse struct {
	Offset int64
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetMinOffsetResponse) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetMinOffsetResponse{
		Offset: r.Int64("offset"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetMinOffsetResponse) Encode(w *remoting.FieldWriter) {
	w.Int("offset", h.Offset)
}
