package protocol

import (
	"maps"
	"slices"

	"gantry/remoting"
)

// ResetConsumerClientOffsetRequest tells a consumer to go to other offsets (code 220). Timestamp is a
// store time in ms, −1 for the end.
type ResetConsumerClientOffsetRequest struct {
	Topic     string
	Group     string
	Timestamp int64
	IsForce   bool
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *ResetConsumerClientOffsetRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = ResetConsumerClientOffsetRequest{
		Topic:     r.String("topic"),
		Group:     r.String("group"),
		Timestamp: r.Int64("timestamp"),
		IsForce:   r.Bool("isForce"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h ResetConsumerClientOffsetRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
	w.String("group", h.Group)
	w.Int("timestamp", h.Timestamp)
	w.Bool("isForce", h.IsForce)
}

// ResetOffsetBody is where a group is to go (code 220), or was sent (code 222).
type ResetOffsetBody struct {
	OffsetTable QueueTable[int64] `json:"offsetTable"`
}

// Decode reads a body.
func (b *ResetOffsetBody) Decode(body []byte) error {
	*b = ResetOffsetBody{}
	return unmarshal("offsets to reset", body, b)
}

// Encode writes a body.
func (b ResetOffsetBody) Encode() []byte { return encodeTable("offsetTable", b.OffsetTable) }

// ResetOffsetBodyForC is ResetOffsetBody for clients whose language is CPP: a list.
type ResetOffsetBodyForC struct {
	OffsetTable Set[MessageQueueForC] `json:"offsetTable"`
}

// MessageQueueForC is a queue with the offset to go to.
type MessageQueueForC struct {
	BrokerName string `json:"brokerName"`
	Offset     int64  `json:"offset"`
	QueueID    int32  `json:"queueId"`
	Topic      string `json:"topic"`
}

// ForC is the same offsets as a list.
func (b ResetOffsetBody) ForC() (list ResetOffsetBodyForC) {
	for _, q := range slices.SortedFunc(maps.Keys(b.OffsetTable), compareQueues) {
		list.OffsetTable = append(list.OffsetTable, MessageQueueForC{q.BrokerName, b.OffsetTable[q], q.QueueID, q.Topic})
	}
	return list
}

// Decode reads a body.
func (b *ResetOffsetBodyForC) Decode(body []byte) error {
	*b = ResetOffsetBodyForC{}
	return unmarshal("list of offsets to reset", body, b)
}

// Encode writes a body.
func (b ResetOffsetBodyForC) Encode() []byte { return marshal(b) }
