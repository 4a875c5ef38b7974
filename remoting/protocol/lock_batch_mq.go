package protocol

// LockBatchRequestBody asks for the locks of queues (code 41) or gives them
// back (code 42, Java's UnlockBatchRequestBody).
type LockBatchRequestBody struct {
	ClientID       string            `json:"clientId"`
	ConsumerGroup  string            `json:"consumerGroup"`
	MQSet          Set[MessageQueue] `json:"mqSet"`
	OnlyThisBroker bool              `json:"onlyThisBroker,omitempty"` // 5.x
}

// Decode reads a body.
func (b *LockBatchRequestBody) Decode(body []byte) error {
	*b = LockBatchRequestBody{}
	return unmarshal("queues to lock", body, b)
}

// Encode writes a body.
func (b LockBatchRequestBody) Encode() []byte { return marshal(b) }

// LockBatchResponseBody answers code 41 with every asked queue that the client
// now owns.
type LockBatchResponseBody struct {
	LockOKMQSet Set[MessageQueue] `json:"lockOKMQSet"`
}

// Decode reads a body.
func (b *LockBatchResponseBody) Decode(body []byte) error {
	*b = LockBatchResponseBody{}
	return unmarshal("locked queues", body, b)
}

// Encode writes a body.
func (b LockBatchResponseBody) Encode() []byte { return marshal(b) }
