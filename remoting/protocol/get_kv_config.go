package protocol

import "gantry/remoting"

// GetKVConfigRequest asks a NameServer for a value (code 101).
type GetKVConfigRequest struct {
	Namespace string
	Key       string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetKVConfigRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetKVConfigRequest{
		Namespace: r.String("namespace"),
		Key:       r.String("key"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetKVConfigRequest) Encode(w *remoting.FieldWriter) {
	w.String("namespace", h.Namespace)
	w.String("key", h.Key)
}

// GetKVConfigResponse answers code 101.
type GetKVConfigResponse struct {
	Value string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetKVConfigResponse) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetKVConfigResponse{
		Value: r.OptString("value"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetKVConfigResponse) Encode(w *remoting.FieldWriter) {
	w.OptString("value", h.Value)
}
