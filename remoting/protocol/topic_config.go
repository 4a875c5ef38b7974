package protocol

import "encoding/json"

// Bits of a permission (Java's PermName).
const (
	PermInherit  = 1 << 0 // topics may be created after this one
	PermWrite    = 1 << 1
	PermRead     = 1 << 2
	PermPriority = 1 << 3
)

// Bits of a topicSysFlag (Java's TopicSysFlag).
const (
	SysFlagUnit    = 1 << 0 // the topic is of one unit
	SysFlagUnitSub = 1 << 1 // units subscribe to it
)

// SingleTag is the usual TopicFilterType; the other is MultiTag.
const (
	SingleTag = "SINGLE_TAG"
	MultiTag  = "MULTI_TAG"
)

// TopicConfig is one topic of one broker.
type TopicConfig struct {
	Attributes      map[string]string `json:"attributes,omitempty"` // 5.x
	Order           bool              `json:"order"`
	Perm            int32             `json:"perm"` // Perm… bits
	ReadQueueNums   int32             `json:"readQueueNums"`
	TopicFilterType string            `json:"topicFilterType"`
	TopicName       string            `json:"topicName"`
	TopicSysFlag    int32             `json:"topicSysFlag"`
	WriteQueueNums  int32             `json:"writeQueueNums"`
}

// NewTopicConfig is a topic as Java creates it where nothing else is said.
func NewTopicConfig(topicName string) TopicConfig {
	return TopicConfig{
		TopicName:       topicName,
		ReadQueueNums:   16,
		WriteQueueNums:  16,
		Perm:            PermRead | PermWrite,
		TopicFilterType: SingleTag,
	}
}

// Decode reads a body.
func (t *TopicConfig) Decode(body []byte) error { return unmarshal("topic", body, t) }

// Encode writes a body.
func (t TopicConfig) Encode() []byte { return marshal(t) }

// UnmarshalJSON reads one topic; what is absent has Java's default.
func (t *TopicConfig) UnmarshalJSON(text []byte) error {
	type plain TopicConfig
	*t = NewTopicConfig("")
	return json.Unmarshal(text, (*plain)(t))
}
