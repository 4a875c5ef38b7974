package protocol

import "gantry/remoting"

// QueryMessageRequest asks for messages by key (code 12); times are store times in ms.
type QueryMessageRequest struct {
	Topic          string
	Key            string
	MaxNum         int32
	BeginTimestamp int64
	EndTimestamp   int64
	UniqueKeyQuery bool // Key is a UNIQ_KEY
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *QueryMessageRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = QueryMessageRequest{
		Topic:          r.String("topic"),
		Key:            r.String("key"),
		MaxNum:         r.Int32("maxNum"),
		BeginTimestamp: r.Int64("beginTimestamp"),
		EndTimestamp:   r.Int64("endTimestamp"),
		UniqueKeyQuery: r.OptBool("_UNIQUE_KEY_QUERY"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h QueryMessageRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
	w.String("key", h.Key)
	w.Int("maxNum", int64(h.MaxNum))
	w.Int("beginTimestamp", h.BeginTimestamp)
	w.Int("endTimestamp", h.EndTimestamp)
	if h.UniqueKeyQuery {
		w.Bool("_UNIQUE_KEY_QUERY", true)
	}
}

// QueryMessageResponse answers code 12; both fields are required by clients.
type QueryMessageResponse struct {
	IndexLastUpdateTimestamp int64
	IndexLastUpdatePhyoffset int64
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *QueryMessageResponse) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = QueryMessageResponse{
		IndexLastUpdateTimestamp: r.Int64("indexLastUpdateTimestamp"),
		IndexLastUpdatePhyoffset: r.Int64("indexLastUpdatePhyoffset"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h QueryMessageResponse) Encode(w *remoting.FieldWriter) {
	w.Int("indexLastUpdateTimestamp", h.IndexLastUpdateTimestamp)
	w.Int("indexLastUpdatePhyoffset", h.IndexLastUpdatePhyoffset)
}
