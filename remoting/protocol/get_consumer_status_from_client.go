package protocol

import (
	"maps"
	"slices"

	"gantry/remoting"
)

// GetConsumerStatusFromClientRequest asks a consumer for its offsets (codes 221 and 223).
type GetConsumerStatusFromClientRequest struct {
	Topic      string
	Group      string
	ClientAddr string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetConsumerStatusFromClientRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetConsumerStatusFromClientRequest{
		Topic:      r.String("topic"),
		Group:      r.String("group"),
		ClientAddr: r.OptString("clientAddr"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetConsumerStatusFromClientRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
	w.String("group", h.Group)
	w.OptString("clientAddr", h.ClientAddr)
}

// GetConsumerStatusBody is a consumer's own offsets (answers code 221), or those of several by client id (answers code
// 223).
type GetConsumerStatusBody struct {
	ConsumerTable     Table[string, QueueTable[int64]] `json:"consumerTable"`
	MessageQueueTable QueueTable[int64]                `json:"messageQueueTable"`
}

// Decode reads a body.
func (b *GetConsumerStatusBody) Decode(body []byte) error {
	*b = GetConsumerStatusBody{}
	return unmarshal("consumer status", body, b)
}

// Encode writes a body.
func (b GetConsumerStatusBody) Encode() []byte {
	dst := []byte(`{"consumerTable":{`)
	for i, id := range slices.Sorted(maps.Keys(b.ConsumerTable)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, marshal(id)...), ':')
		dst = b.ConsumerTable[id].append(dst)
	}
	return append(b.MessageQueueTable.append(append(dst, `},"messageQueueTable":`...)), '}')
}
