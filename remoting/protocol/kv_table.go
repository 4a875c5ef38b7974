package protocol

// KVTable is the body of answers that are a list of keys and values: codes 28,
// 103 and 219.
type KVTable struct {
	Table Table[string, string] `json:"table"`
}

// Decode reads a body.
func (b *KVTable) Decode(body []byte) error {
	*b = KVTable{}
	return unmarshal("key-value table", body, b)
}

// Encode writes a body.
func (b KVTable) Encode() []byte { return marshal(b) }
