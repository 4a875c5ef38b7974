package protocol

import "gantry/remoting"

// GetProducerConnectionListRequest asks who produces for a group (code 204).
type GetProducerConnectionListRequest struct {
	ProducerGroup string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetProducerConnectionListRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetProducerConnectionListRequest{
		ProducerGroup: r.String("producerGroup"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetProducerConnectionListRequest) Encode(w *remoting.FieldWriter) {
	w.String("producerGroup", h.ProducerGroup)
}

// ProducerConnection answers code 204.
type ProducerConnection struct {
	ConnectionSet Set[Connection] `json:"connectionSet"`
}

// Decode reads a body.
func (b *ProducerConnection) Decode(body []byte) error {
	*b = ProducerConnection{}
	return unmarshal("producer connections", body, b)
}

// Encode writes a body.
func (b ProducerConnection) Encode() []byte { return marshal(b) }
