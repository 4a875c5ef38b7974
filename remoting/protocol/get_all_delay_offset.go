package protocol

// DelayOffsetTable answers code 45: by delay level the queue offset reached
// (Java's DelayOffsetSerializeWrapper).
type DelayOffsetTable struct {
	OffsetTable Table[int32, int64] `json:"offsetTable"`
}

// Decode reads a body.
func (b *DelayOffsetTable) Decode(body []byte) error {
	*b = DelayOffsetTable{}
	return unmarshal("delay offsets", body, b)
}

// Encode writes a body.
func (b DelayOffsetTable) Encode() []byte { return marshal(b) }
