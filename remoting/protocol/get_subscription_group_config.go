package protocol

import "gantry/remoting"

// GetSubscriptionGroupConfigRequest asks for one group (code 352, 5.x); the answer's body is a SubscriptionGroupConfig.
type GetSubscriptionGroupConfigRequest struct {
	Group string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetSubscriptionGroupConfigRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetSubscriptionGroupConfigRequest{
		Group: r.String("group"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetSubscriptionGroupConfigRequest) Encode(w *remoting.FieldWriter) {
	w.String("group", h.Group)
}
