package protocol

import "encoding/json"

// SubscriptionGroupConfig says how a group may consume (body of code 200, rows
// of code 201). What only 5.x knows is left out.
type SubscriptionGroupConfig struct {
	BrokerID                       int64  `json:"brokerId"` // whom to pull from; 0 is the master
	ConsumeBroadcastEnable         bool   `json:"consumeBroadcastEnable"`
	ConsumeEnable                  bool   `json:"consumeEnable"`
	ConsumeFromMinEnable           bool   `json:"consumeFromMinEnable"`
	GroupName                      string `json:"groupName"`
	NotifyConsumerIDsChangedEnable bool   `json:"notifyConsumerIdsChangedEnable"`
	RetryMaxTimes                  int32  `json:"retryMaxTimes"`
	RetryQueueNums                 int32  `json:"retryQueueNums"`
	WhichBrokerWhenConsumeSlowly   int64  `json:"whichBrokerWhenConsumeSlowly"`
}

// NewSubscriptionGroupConfig is a group as Java creates it.
func NewSubscriptionGroupConfig(groupName string) SubscriptionGroupConfig {
	return SubscriptionGroupConfig{
		GroupName:                      groupName,
		ConsumeBroadcastEnable:         true,
		ConsumeEnable:                  true,
		ConsumeFromMinEnable:           true,
		NotifyConsumerIDsChangedEnable: true,
		RetryMaxTimes:                  16,
		RetryQueueNums:                 1,
		WhichBrokerWhenConsumeSlowly:   1,
	}
}

// UnmarshalJSON reads one group; what is absent has Java's default.
func (g *SubscriptionGroupConfig) UnmarshalJSON(text []byte) error {
	type plain SubscriptionGroupConfig
	*g = NewSubscriptionGroupConfig("")
	return json.Unmarshal(text, (*plain)(g))
}

// Decode reads a body.
func (g *SubscriptionGroupConfig) Decode(body []byte) error {
	return unmarshal("subscription group", body, g)
}

// Encode writes a body.
func (g SubscriptionGroupConfig) Encode() []byte { return marshal(g) }
