package protocol

import "gantry/remoting"

// Bits of PullMessageRequest.SysFlag (Java's PullSysFlag).
const (
	PullCommitOffset = 1 << 0 // CommitOffset is to be stored
	PullSuspend      = 1 << 1 // the answer may wait for messages
	PullSubscription = 1 << 2 // Subscription is in the header
	PullClassFilter  = 1 << 3
	PullLite         = 1 << 4
)

// PullMessageRequest asks for messages of a queue (codes 11 and 361). []byte
// fields borrow from the command.
type PullMessageRequest struct {
	ConsumerGroup        []byte
	Topic                []byte
	QueueID              int32
	QueueOffset          int64
	MaxMsgNums           int32
	SysFlag              int32 // Pull… bits
	CommitOffset         int64
	SuspendTimeoutMillis int64
	Subscription         []byte // nil where absent
	SubVersion           int64
	ExpressionType       []byte // nil where absent
	BrokerName           []byte // 4.9.5 and later; nil where absent
	MaxMsgBytes          int32  // 5.x; 0 where absent
}

// Indexes of the fields, in Java's order.
const (
	pullConsumerGroup = iota
	pullTopic
	pullQueueID
	pullQueueOffset
	pullMaxMsgNums
	pullSysFlag
	pullCommitOffset
	pullSuspendTimeoutMillis
	pullSubscription
	pullSubVersion
	pullExpressionType
	pullBrokerName
	pullMaxMsgBytes
	pullFieldCount
)

var pullNames = [pullFieldCount]string{
	"consumerGroup", "topic", "queueId", "queueOffset", "maxMsgNums", "sysFlag", "commitOffset",
	"suspendTimeoutMillis", "subscription", "subVersion", "expressionType", "bname", "maxMsgBytes",
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *PullMessageRequest) Decode(f remoting.Fields) error {
	p := fieldPicker{names: pullNames[:]}
	for i := range f {
		if n := pullIndex(f[i].Key); n >= 0 {
			p.pick(n, f[i].Value)
		}
	}
	h.ConsumerGroup = p.bytes(pullConsumerGroup)
	h.Topic = p.bytes(pullTopic)
	h.QueueID = p.int32(pullQueueID)
	h.QueueOffset = p.int64(pullQueueOffset)
	h.MaxMsgNums = p.int32(pullMaxMsgNums)
	h.SysFlag = p.int32(pullSysFlag)
	h.CommitOffset = p.int64(pullCommitOffset)
	h.SuspendTimeoutMillis = p.int64(pullSuspendTimeoutMillis)
	h.Subscription = p.optBytes(pullSubscription)
	h.SubVersion = p.int64(pullSubVersion)
	h.ExpressionType = p.optBytes(pullExpressionType)
	h.BrokerName = p.optBytes(pullBrokerName)
	h.MaxMsgBytes = p.optInt32(pullMaxMsgBytes, 0)
	return p.err
}

// pullIndex is a switch because the compiler makes a search tree of it.
func pullIndex(key []byte) int {
	switch string(key) {
	case "consumerGroup":
		return pullConsumerGroup
	case "topic":
		return pullTopic
	case "queueId":
		return pullQueueID
	case "queueOffset":
		return pullQueueOffset
	case "maxMsgNums":
		return pullMaxMsgNums
	case "sysFlag":
		return pullSysFlag
	case "commitOffset":
		return pullCommitOffset
	case "suspendTimeoutMillis":
		return pullSuspendTimeoutMillis
	case "subscription":
		return pullSubscription
	case "subVersion":
		return pullSubVersion
	case "expressionType":
		return pullExpressionType
	case "bname":
		return pullBrokerName
	case "maxMsgBytes":
		return pullMaxMsgBytes
	}
	return -1
}

// Encode writes the fields.
func (h PullMessageRequest) Encode(w *remoting.FieldWriter) {
	w.Bytes("consumerGroup", h.ConsumerGroup)
	w.Bytes("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	w.Int("queueOffset", h.QueueOffset)
	w.Int("maxMsgNums", int64(h.MaxMsgNums))
	w.Int("sysFlag", int64(h.SysFlag))
	w.Int("commitOffset", h.CommitOffset)
	w.Int("suspendTimeoutMillis", h.SuspendTimeoutMillis)
	if h.Subscription != nil {
		w.Bytes("subscription", h.Subscription)
	}
	w.Int("subVersion", h.SubVersion)
	if h.ExpressionType != nil {
		w.Bytes("expressionType", h.ExpressionType)
	}
	if h.BrokerName != nil {
		w.Bytes("bname", h.BrokerName)
	}
	if h.MaxMsgBytes != 0 {
		w.Int("maxMsgBytes", int64(h.MaxMsgBytes))
	}
}
