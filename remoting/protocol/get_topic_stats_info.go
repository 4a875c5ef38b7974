package protocol

import "gantry/remoting"

// GetTopicStatsInfoRequest asks for the ends of a topic's queues (code 202).
type GetTopicStatsInfoRequest struct {
	Topic string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetTopicStatsInfoRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetTopicStatsInfoRequest{
		Topic: r.String("topic"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetTopicStatsInfoRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
}

// TopicStatsTable answers code 202.
type TopicStatsTable struct {
	OffsetTable QueueTable[TopicOffset] `json:"offsetTable"`
}

// TopicOffset is what a queue holds. LastUpdateTimestamp is the last message's store time in ms, 0 where there is none.
type TopicOffset struct {
	LastUpdateTimestamp int64 `json:"lastUpdateTimestamp"`
	MaxOffset           int64 `json:"maxOffset"`
	MinOffset           int64 `json:"minOffset"`
}

// Decode reads a body.
func (b *TopicStatsTable) Decode(body []byte) error {
	*b = TopicStatsTable{}
	return unmarshal("topic stats", body, b)
}

// Encode writes a body.
func (b TopicStatsTable) Encode() []byte { return encodeTable("offsetTable", b.OffsetTable) }

// encodeTable writes a body that is one table of queues.
func encodeTable[V any](name string, t QueueTable[V]) []byte {
	return append(t.append([]byte(`{"`+name+`":`)), '}')
}
