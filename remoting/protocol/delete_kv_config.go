package protocol

import "gantry/remoting"

// DeleteKVConfigRequest removes a value from a NameServer (code 102).
type DeleteKVConfigRequest struct {
	Namespace string
	Key       string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *DeleteKVConfigRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = DeleteKVConfigRequest{
		Namespace: r.String("namespace"),
		Key:       r.String("key"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h DeleteKVConfigRequest) Encode(w *remoting.FieldWriter) {
	w.String("namespace", h.Namespace)
	w.String("key", h.Key)
}
