package protocol

import "gantry/remoting"

// QueryConsumeTimeSpanRequest asks how old a group's messages are (code 303).
type QueryConsumeTimeSpanRequest struct {
	Topic string
	Group string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *QueryConsumeTimeSpanRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = QueryConsumeTimeSpanRequest{
		Topic: r.String("topic"),
		Group: r.String("group"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h QueryConsumeTimeSpanRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
	w.String("group", h.Group)
}

// QueryConsumeTimeSpanBody answers code 303.
type QueryConsumeTimeSpanBody struct {
	ConsumeTimeSpanSet Set[QueueTimeSpan] `json:"consumeTimeSpanSet"`
}

// QueueTimeSpan is the store times of one queue in ms: its first and last message, and the last one consumed; −1 where
// there is none. DelayTime is how many ms the next message to consume has been there, 0 where there is none.
type QueueTimeSpan struct {
	ConsumeTimeStamp int64        `json:"consumeTimeStamp"`
	DelayTime        int64        `json:"delayTime"`
	MaxTimeStamp     int64        `json:"maxTimeStamp"`
	MessageQueue     MessageQueue `json:"messageQueue"`
	MinTimeStamp     int64        `json:"minTimeStamp"`
}

// Decode reads a body.
func (b *QueryConsumeTimeSpanBody) Decode(body []byte) error {
	*b = QueryConsumeTimeSpanBody{}
	return unmarshal("consume time span", body, b)
}

// Encode writes a body.
func (b QueryConsumeTimeSpanBody) Encode() []byte { return marshal(b) }
