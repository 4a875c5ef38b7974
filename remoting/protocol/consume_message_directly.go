package protocol

import "gantry/remoting"

// ConsumeMessageDirectlyRequest has a consumer consume one message at once (code 309).
type ConsumeMessageDirectlyRequest struct {
	ConsumerGroup string
	ClientID      string
	MsgID         string
	BrokerName    string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *ConsumeMessageDirectlyRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = ConsumeMessageDirectlyRequest{
		ConsumerGroup: r.String("consumerGroup"),
		ClientID:      r.OptString("clientId"),
		MsgID:         r.OptString("msgId"),
		BrokerName:    r.OptString("brokerName"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h ConsumeMessageDirectlyRequest) Encode(w *remoting.FieldWriter) {
	w.String("consumerGroup", h.ConsumerGroup)
	w.OptString("clientId", h.ClientID)
	w.OptString("msgId", h.MsgID)
	w.OptString("brokerName", h.BrokerName)
}
