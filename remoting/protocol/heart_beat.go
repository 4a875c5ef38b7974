package protocol

// Values of ConsumerData.
const (
	ConsumePassively = "CONSUME_PASSIVELY"
	ConsumeActively  = "CONSUME_ACTIVELY"
	ConsumePop       = "CONSUME_POP" // 5.x

	Clustering   = "CLUSTERING"
	Broadcasting = "BROADCASTING"
)

// HeartbeatData is the body of code 34: the groups a client is in.
type HeartbeatData struct {
	ClientID             string            `json:"clientID"`
	ConsumerDataSet      Set[ConsumerData] `json:"consumerDataSet"`
	HeartbeatFingerprint int32             `json:"heartbeatFingerprint,omitempty"` // 5.x
	ProducerDataSet      Set[ProducerData] `json:"producerDataSet"`
	WithoutSub           bool              `json:"withoutSub,omitempty"` // 5.x: ConsumerDataSet has no subscriptions
}

// ProducerData is a group that a client produces in.
type ProducerData struct {
	GroupName string `json:"groupName"`
}

// ConsumerData is a group that a client consumes in. Its words are the
// client's: a value this package has no constant for is kept.
type ConsumerData struct {
	ConsumeFromWhere    string                `json:"consumeFromWhere,omitempty"`
	ConsumeType         string                `json:"consumeType,omitempty"`
	GroupName           string                `json:"groupName"`
	MessageModel        string                `json:"messageModel,omitempty"`
	SubscriptionDataSet Set[SubscriptionData] `json:"subscriptionDataSet"`
	UnitMode            bool                  `json:"unitMode"`
}

// Decode reads a body; absent sets are empty.
func (d *HeartbeatData) Decode(body []byte) error {
	*d = HeartbeatData{}
	return unmarshal("heartbeat", body, d)
}

// Encode writes a body.
func (d HeartbeatData) Encode() []byte { return marshal(d) }
