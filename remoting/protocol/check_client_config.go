package protocol

// CheckClientRequestBody asks whether a subscription can be served (code 46).
type CheckClientRequestBody struct {
	ClientID         string           `json:"clientId"`
	Group            string           `json:"group"`
	Namespace        string           `json:"namespace,omitempty"`
	SubscriptionData SubscriptionData `json:"subscriptionData"`
}

// Decode reads a body.
func (b *CheckClientRequestBody) Decode(body []byte) error {
	*b = CheckClientRequestBody{}
	return unmarshal("client check", body, b)
}

// Encode writes a body.
func (b CheckClientRequestBody) Encode() []byte { return marshal(b) }
