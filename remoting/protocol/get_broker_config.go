package protocol

import "gantry/remoting"

// GetBrokerConfigResponse answers code 26; Version is a DataVersion as JSON, the body
// .properties text.
type GetBrokerConfigResponse struct {
	Version string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetBrokerConfigResponse) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetBrokerConfigResponse{
		Version: r.String("version"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetBrokerConfigResponse) Encode(w *remoting.FieldWriter) {
	w.String("version", h.Version)
}
