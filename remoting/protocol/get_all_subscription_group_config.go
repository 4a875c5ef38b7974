package protocol

// SubscriptionGroupWrapper answers code 201: all groups of a broker.
type SubscriptionGroupWrapper struct {
	DataVersion            DataVersion                            `json:"dataVersion"`
	SubscriptionGroupTable Table[string, SubscriptionGroupConfig] `json:"subscriptionGroupTable"`
}

// Decode reads a body.
func (b *SubscriptionGroupWrapper) Decode(body []byte) error {
	*b = SubscriptionGroupWrapper{}
	return unmarshal("subscription groups", body, b)
}

// Encode writes a body.
func (b SubscriptionGroupWrapper) Encode() []byte { return marshal(b) }
