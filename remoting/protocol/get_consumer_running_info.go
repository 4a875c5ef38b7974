package protocol

import "gantry/remoting"

// GetConsumerRunningInfoRequest asks a consumer about itself (code 307).
type GetConsumerRunningInfoRequest struct {
	ConsumerGroup string
	ClientID      string
	JstackEnable  bool
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetConsumerRunningInfoRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetConsumerRunningInfoRequest{
		ConsumerGroup: r.String("consumerGroup"),
		ClientID:      r.String("clientId"),
		JstackEnable:  r.OptBool("jstackEnable"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetConsumerRunningInfoRequest) Encode(w *remoting.FieldWriter) {
	w.String("consumerGroup", h.ConsumerGroup)
	w.String("clientId", h.ClientID)
	w.Bool("jstackEnable", h.JstackEnable)
}
