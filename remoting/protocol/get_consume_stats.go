package protocol

import (
	"math"
	"strconv"

	"gantry/remoting"
)

// GetConsumeStatsRequest asks how far a group has come (code 208): in a topic, or in all where Topic is "".
type GetConsumeStatsRequest struct {
	ConsumerGroup string
	Topic         string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetConsumeStatsRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetConsumeStatsRequest{
		ConsumerGroup: r.String("consumerGroup"),
		Topic:         r.OptString("topic"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetConsumeStatsRequest) Encode(w *remoting.FieldWriter) {
	w.String("consumerGroup", h.ConsumerGroup)
	w.OptString("topic", h.Topic)
}

// ConsumeStats answers code 208. ConsumeTps is messages per second.
type ConsumeStats struct {
	ConsumeTps  float64                   `json:"consumeTps"`
	OffsetTable QueueTable[OffsetWrapper] `json:"offsetTable"`
}

// OffsetWrapper compares a queue with the group's place in it. LastTimestamp is the store time in ms of the last message
// consumed, 0 where it is not known.
type OffsetWrapper struct {
	BrokerOffset   int64 `json:"brokerOffset"`
	ConsumerOffset int64 `json:"consumerOffset"`
	LastTimestamp  int64 `json:"lastTimestamp"`
}

// Decode reads a body.
func (b *ConsumeStats) Decode(body []byte) error {
	*b = ConsumeStats{}
	return unmarshal("consume stats", body, b)
}

// Encode writes a body.
func (b ConsumeStats) Encode() []byte {
	dst := strconv.AppendFloat([]byte(`{"consumeTps":`), b.ConsumeTps, 'f', -1, 64)
	if b.ConsumeTps == math.Trunc(b.ConsumeTps) {
		dst = append(dst, ".0"...) // as Java writes a double
	}
	return append(b.OffsetTable.append(append(dst, `,"offsetTable":`...)), '}')
}
