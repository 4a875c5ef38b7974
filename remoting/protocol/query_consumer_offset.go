package protocol

import "gantry/remoting"

// QueryConsumerOffsetRequest asks for a group's offset in a queue (code 14).
type QueryConsumerOffsetRequest struct {
	ConsumerGroup     string
	Topic             string
	QueueID           int32
	SetZeroIfNotFound bool   // 5.x; true where absent
	BrokerName        string // 4.9.5 and later
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *QueryConsumerOffsetRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = QueryConsumerOffsetRequest{
		ConsumerGroup:     r.String("consumerGroup"),
		Topic:             r.String("topic"),
		QueueID:           r.Int32("queueId"),
		SetZeroIfNotFound: !r.Has("setZeroIfNotFound") || r.Bool("setZeroIfNotFound"),
		BrokerName:        r.OptString("bname"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h QueryConsumerOffsetRequest) Encode(w *remoting.FieldWriter) {
	w.String("consumerGroup", h.ConsumerGroup)
	w.String("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	if !h.SetZeroIfNotFound {
		w.Bool("setZeroIfNotFound", false)
	}
	w.OptString("bname", h.BrokerName)
}

// QueryConsumerOffsetResponse answers code 14.
type QueryConsumerOffsetResponse struct {
	Offset int64
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *QueryConsumerOffsetResponse) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = QueryConsumerOffsetResponse{
		Offset: r.Int64("offset"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h QueryConsumerOffsetResponse) Encode(w *remoting.FieldWriter) {
	w.Int("offset", h.Offset)
}
