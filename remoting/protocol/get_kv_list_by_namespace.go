package protocol

import "gantry/remoting"

// GetKVListByNamespaceRequest asks for all values of a namespace (code 219); the answer's body
// is a KVTable.
type GetKVListByNamespaceRequest struct {
	Namespace string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetKVListByNamespaceRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetKVListByNamespaceRequest{
		Namespace: r.String("namespace"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetKVListByNamespaceRequest) Encode(w *remoting.FieldWriter) {
	w.String("namespace", h.Namespace)
}
