package protocol

// DataVersion tells one state of a table from another (Java's DataVersion).
type DataVersion struct {
	Counter      int64 `json:"counter"`
	StateVersion int64 `json:"stateVersion,omitempty"` // 5.x
	Timestamp    int64 `json:"timestamp"`              // ms
}

// Next is the version after v, made at nowMillis.
func (v DataVersion) Next(nowMillis int64) DataVersion {
	v.Counter++
	v.Timestamp = nowMillis
	return v
}

// Decode reads the JSON of code 322's body and of code 26's version field.
func (v *DataVersion) Decode(body []byte) error {
	*v = DataVersion{}
	return unmarshal("data version", body, v)
}

// Encode writes it as JSON.
func (v DataVersion) Encode() []byte { return marshal(v) }
