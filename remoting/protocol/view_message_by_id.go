package protocol

import "gantry/remoting"

// ViewMessageByIDRequest asks for the record at a CommitLog offset (code 33).
type ViewMessageByIDRequest struct {
	Offset int64
	Topic  string // 5.x
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *ViewMessageByIDRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = ViewMessageByIDRequest{
		Offset: r.Int64("offset"),
		Topic:  r.OptString("topic"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h ViewMessageByIDRequest) Encode(w *remoting.FieldWriter) {
	w.Int("offset", h.Offset)
	w.OptString("topic", h.Topic)
}
