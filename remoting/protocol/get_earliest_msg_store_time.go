package protocol

import "gantry/remoting"

// GetEarliestMsgStoreTimeRequest asks when a queue's first message was stored (code 32).
type GetEarliestMsgStoreTimeRequest struct {
	Topic      string
	QueueID    int32
	BrokerName string // 4.9.5 and later
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetEarliestMsgStoreTimeRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetEarliestMsgStoreTimeRequest{
		Topic:      r.String("topic"),
		QueueID:    r.Int32("queueId"),
		BrokerName: r.OptString("bname"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetEarliestMsgStoreTimeRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	w.OptString("bname", h.BrokerName)
}

// GetEarliestMsgStoreTimeResponse answers code 32, in ms since 1970; −1 where there is no message.
type GetEarliestMsgStoreTimeResponse struct {
	Timestamp int64
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetEarliestMsgStoreTimeResponse) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetEarliestMsgStoreTimeResponse{
		Timestamp: r.Int64("timestamp"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetEarliestMsgStoreTimeResponse) Encode(w *remoting.FieldWriter) {
	w.Int("timestamp", h.Timestamp)
}
