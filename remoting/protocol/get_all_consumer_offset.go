package protocol

// ConsumerOffsetTable answers code 43: by "topic@group" and queue id the offset
// a group has committed (Java's ConsumerOffsetSerializeWrapper).
type ConsumerOffsetTable struct {
	OffsetTable Table[string, Table[int32, int64]] `json:"offsetTable"`
}

// Decode reads a body.
func (b *ConsumerOffsetTable) Decode(body []byte) error {
	*b = ConsumerOffsetTable{}
	return unmarshal("consumer offsets", body, b)
}

// Encode writes a body.
func (b ConsumerOffsetTable) Encode() []byte { return marshal(b) }
