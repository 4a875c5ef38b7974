package protocol

import "gantry/remoting"

// GetConsumerListByGroupRequest asks for the members of a group (code 38).
type GetConsumerListByGroupRequest struct {
	ConsumerGroup string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetConsumerListByGroupRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	h.ConsumerGroup = r.String("consumerGroup")
	return r.Err()
}

// Encode writes the fields.
func (h GetConsumerListByGroupRequest) Encode(w *remoting.FieldWriter) {
	w.String("consumerGroup", h.ConsumerGroup)
}

// GetConsumerListByGroupResponseBody answers code 38 with the members' client ids.
type GetConsumerListByGroupResponseBody struct {
	ConsumerIDList Set[string] `json:"consumerIdList"`
}

// Decode reads a body.
func (b *GetConsumerListByGroupResponseBody) Decode(body []byte) error {
	*b = GetConsumerListByGroupResponseBody{}
	return unmarshal("consumer list", body, b)
}

// Encode writes a body.
func (b GetConsumerListByGroupResponseBody) Encode() []byte { return marshal(b) }
