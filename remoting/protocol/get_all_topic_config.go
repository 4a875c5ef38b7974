package protocol

import "encoding/json"

// TopicConfigSerializeWrapper answers code 21, and is what a broker registers:
// all its topics.
type TopicConfigSerializeWrapper struct {
	DataVersion      DataVersion                `json:"dataVersion"`
	TopicConfigTable Table[string, TopicConfig] `json:"topicConfigTable"`

	// TopicQueueMappingInfoMap says of 5.x's static topics which of their logical
	// queues this broker has; it is passed on as it came.
	TopicQueueMappingInfoMap map[string]json.RawMessage `json:"topicQueueMappingInfoMap,omitempty"`
}

// Decode reads a body.
func (b *TopicConfigSerializeWrapper) Decode(body []byte) error {
	*b = TopicConfigSerializeWrapper{}
	return unmarshal("topics", body, b)
}

// Encode writes a body.
func (b TopicConfigSerializeWrapper) Encode() []byte { return marshal(b) }

func (b *TopicConfigSerializeWrapper) addMapping(topic string, mapping json.RawMessage) {
	if b.TopicQueueMappingInfoMap == nil {
		b.TopicQueueMappingInfoMap = map[string]json.RawMessage{}
	}
	b.TopicQueueMappingInfoMap[topic] = mapping
}
