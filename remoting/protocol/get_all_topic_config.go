package protocol

// TopicConfigSerializeWrapper answers code 21, and is what a broker registers:
// all its topics.
type TopicConfigSerializeWrapper struct {
	DataVersion      DataVersion                `json:"dataVersion"`
	TopicConfigTable Table[string, TopicConfig] `json:"topicConfigTable"`
}

// Decode reads a body.
func (b *TopicConfigSerializeWrapper) Decode(body []byte) error {
	*b = TopicConfigSerializeWrapper{}
	return unmarshal("topics", body, b)
}

// Encode writes a body.
func (b TopicConfigSerializeWrapper) Encode() []byte { return marshal(b) }
