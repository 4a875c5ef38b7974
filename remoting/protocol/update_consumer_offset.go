package protocol

import "gantry/remoting"

// UpdateConsumerOffsetRequest commits a group's offset in a queue (code 15).
type UpdateConsumerOffsetRequest struct {
	ConsumerGroup string
	Topic         string
	QueueID       int32
	CommitOffset  int64
	BrokerName    string // 4.9.5 and later
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *UpdateConsumerOffsetRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = UpdateConsumerOffsetRequest{
		ConsumerGroup: r.String("consumerGroup"),
		Topic:         r.String("topic"),
		QueueID:       r.Int32("queueId"),
		CommitOffset:  r.Int64("commitOffset"),
		BrokerName:    r.OptString("bname"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h UpdateConsumerOffsetRequest) Encode(w *remoting.FieldWriter) {
	w.String("consumerGroup", h.ConsumerGroup)
	w.String("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	w.Int("commitOffset", h.CommitOffset)
	w.OptString("bname", h.BrokerName)
}
