package protocol

import "gantry/remoting"

// GetConsumerConnectionListRequest asks who consumes for a group (code 203).
type GetConsumerConnectionListRequest struct {
	ConsumerGroup string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetConsumerConnectionListRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetConsumerConnectionListRequest{
		ConsumerGroup: r.String("consumerGroup"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetConsumerConnectionListRequest) Encode(w *remoting.FieldWriter) {
	w.String("consumerGroup", h.ConsumerGroup)
}

// ConsumerConnection answers code 203: a group that is online.
type ConsumerConnection struct {
	ConnectionSet     Set[Connection]                 `json:"connectionSet"`
	ConsumeFromWhere  string                          `json:"consumeFromWhere"`
	ConsumeType       string                          `json:"consumeType"`
	MessageModel      string                          `json:"messageModel"`
	SubscriptionTable Table[string, SubscriptionData] `json:"subscriptionTable"` // by topic
}

// Connection is one client.
type Connection struct {
	ClientAddr string `json:"clientAddr"` // host:port
	ClientID   string `json:"clientId"`
	Language   string `json:"language"`
	Version    int32  `json:"version"`
}

// Decode reads a body.
func (b *ConsumerConnection) Decode(body []byte) error {
	*b = ConsumerConnection{}
	return unmarshal("consumer connections", body, b)
}

// Encode writes a body.
func (b ConsumerConnection) Encode() []byte { return marshal(b) }
