package protocol

import "gantry/remoting"

// NotifyConsumerIDsChangedRequest tells a member that its group has changed (code 40).
type NotifyConsumerIDsChangedRequest struct {
	ConsumerGroup string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *NotifyConsumerIDsChangedRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = NotifyConsumerIDsChangedRequest{
		ConsumerGroup: r.String("consumerGroup"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h NotifyConsumerIDsChangedRequest) Encode(w *remoting.FieldWriter) {
	w.String("consumerGroup", h.ConsumerGroup)
}
