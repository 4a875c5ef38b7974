package protocol

// TopicList answers codes 206, 224, 304 and 305.
type TopicList struct {
	BrokerAddr string      `json:"brokerAddr,omitempty"` // of code 304 only
	TopicList  Set[string] `json:"topicList"`
}

// Decode reads a body.
func (b *TopicList) Decode(body []byte) error {
	*b = TopicList{}
	return unmarshal("topic list", body, b)
}

// Encode writes a body.
func (b TopicList) Encode() []byte { return marshal(b) }
