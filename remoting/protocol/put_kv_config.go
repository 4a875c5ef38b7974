package protocol

import "gantry/remoting"

// PutKVConfigRequest stores a value with a NameServer (code 100).
type PutKVConfigRequest struct {
	Namespace string
	Key       string
	Value     string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *PutKVConfigRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = PutKVConfigRequest{
		Namespace: r.String("namespace"),
		Key:       r.String("key"),
		Value:     r.String("value"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h PutKVConfigRequest) Encode(w *remoting.FieldWriter) {
	w.String("namespace", h.Namespace)
	w.String("key", h.Key)
	w.String("value", h.Value)
}
