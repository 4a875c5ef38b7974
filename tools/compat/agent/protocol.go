// Package agent drives stock RocketMQ clients that run in processes of their own, Java and Go alike, over one protocol: a
// command a line on their standard input, replies and events a line each on their standard output. It holds no expectation;
// the scenarios do. The processes are goagent/ and javaagent/.
package agent

import "encoding/json"

// Request is one command. Replies carry its ID; commands run concurrently in the agent.
type Request struct {
	ID        int64           `json:"id"`
	Command   string          `json:"command"`
	Arguments json.RawMessage `json:"arguments"`
}

// Line is one line from an agent: a reply (ID, and Result or Error) or an event (Event, Member, and its value).
type Line struct {
	ID     int64           `json:"id,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`

	Event   string     `json:"event,omitempty"`
	Member  string     `json:"member,omitempty"`
	Message *Delivered `json:"message,omitempty"` // of events "delivered" and "checked"
	Queues  []Queue    `json:"queues,omitempty"`  // of event "assigned": all queues the member now holds
}

// Queue names one queue of a topic.
type Queue struct {
	Topic  string `json:"topic"`
	Broker string `json:"broker"`
	ID     int    `json:"queueId"`
}

// Message is what to send. Its body is Body(BodyBytes, Seed).
type Message struct {
	Topic      string            `json:"topic"`
	Tag        string            `json:"tag,omitempty"`
	Keys       string            `json:"keys,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
	DelayLevel int               `json:"delayLevel,omitempty"`
	// DeliverMillis is when it is to come, as 5.x clients say it.
	DeliverMillis int64 `json:"deliverMillis,omitempty"`
	BodyBytes     int   `json:"bodyBytes"`
	Seed          int32 `json:"seed"`
}

// SendResult is what the client made of the reply to one send. Error is set in asynchronous sends only; the other modes fail
// as a command.
type SendResult struct {
	Status      string `json:"status"`
	MsgID       string `json:"msgId"`
	OffsetMsgID string `json:"offsetMsgId"`
	Queue       Queue  `json:"queue"`
	QueueOffset int64  `json:"queueOffset"`
	Error       string `json:"error,omitempty"`
}

// Delivered is one message as a client saw it. Times are the agent's clock.
type Delivered struct {
	ReceivedMillis  int64             `json:"receivedMillis"`
	MsgID           string            `json:"msgId"`
	OffsetMsgID     string            `json:"offsetMsgId"`
	Topic           string            `json:"topic"`
	Broker          string            `json:"broker"`
	QueueID         int               `json:"queueId"`
	QueueOffset     int64             `json:"queueOffset"`
	CommitLogOffset int64             `json:"commitLogOffset"`
	ReconsumeTimes  int               `json:"reconsumeTimes"`
	SysFlag         int               `json:"sysFlag"`
	StoreBytes      int               `json:"storeBytes"`
	BornMillis      int64             `json:"bornMillis"`
	StoredMillis    int64             `json:"storedMillis"`
	Properties      map[string]string `json:"properties"`
	Tag             string            `json:"tag"`
	Keys            string            `json:"keys"`
	BodyCRC         uint32            `json:"bodyCrc"`
	BodyBytes       int               `json:"bodyBytes"`
}

// Producer starts a producer (command startProducer).
type Producer struct {
	Member            string `json:"member"`
	Namesrv           string `json:"namesrv"`
	Group             string `json:"group"`
	Instance          string `json:"instance"`
	SendTimeoutMillis int    `json:"sendTimeoutMillis,omitempty"`
	Namespace         string `json:"namespace,omitempty"`
	Trace             bool   `json:"trace,omitempty"` // what it does is told to the trace topic
	VIP               bool   `json:"vip,omitempty"`   // it sends to the port two below (Java)
}

// What the producers of transactions make of one (commands startTransactionProducer, with a Producer, and sendTransaction, with
// the Messages of a Send): properties of its message. Each check that they are asked is an event "checked".
const (
	LocalProperty = "local" // at once
	CheckProperty = "check" // when asked
	Commits       = "commit"
	RollsBack     = "rollback"
	Unknown       = "unknown"
)

// Mode is how messages are sent.
type Mode string

// The ways to send: one after another, all at once with callbacks, without an answer, all as one batch.
const (
	Sync   Mode = "sync"
	Async  Mode = "async"
	Oneway Mode = "oneway"
	Batch  Mode = "batch"
)

// Send sends messages (command send): to Queue, or to the queue of ShardingKey, or (both empty) where the client likes.
type Send struct {
	Member      string    `json:"member"`
	Mode        Mode      `json:"mode"`
	Queue       *Queue    `json:"queue,omitempty"`
	ShardingKey string    `json:"shardingKey,omitempty"`
	Messages    []Message `json:"messages"`
}

// Ask sends one message and waits for its reply (command request); the result is a Delivered with the reply's body and
// properties.
type Ask struct {
	Member        string  `json:"member"`
	Message       Message `json:"message"`
	TimeoutMillis int64   `json:"timeoutMillis"`
}

// PushConsumer starts a push consumer (command startPushConsumer). FailTimes is how often a message is refused before it is
// accepted, -1 always; HoldMillis how long the listener takes for each delivery; MaxReconsumeTimes nil is the client's default.
type PushConsumer struct {
	Member            string            `json:"member"`
	Namesrv           string            `json:"namesrv"`
	Group             string            `json:"group"`
	Instance          string            `json:"instance"`
	Topics            map[string]string `json:"topics"` // topic to expression
	SQL               bool              `json:"sql,omitempty"`
	Broadcasting      bool              `json:"broadcasting,omitempty"`
	Orderly           bool              `json:"orderly,omitempty"`
	FromFirst         bool              `json:"fromFirst,omitempty"`
	MaxReconsumeTimes *int              `json:"maxReconsumeTimes,omitempty"`
	FailTimes         int               `json:"failTimes,omitempty"`
	HoldMillis        int64             `json:"holdMillis,omitempty"`
	Namespace         string            `json:"namespace,omitempty"`
	Trace             bool              `json:"trace,omitempty"`   // what it does is told to the trace topic
	VIP               bool              `json:"vip,omitempty"`     // it asks at the port two below (Java)
	Replier           string            `json:"replier,omitempty"` // a producer of this agent that answers each message with its own body
}

// PullConsumer starts a pull consumer (commands startPullConsumer and startLitePullConsumer). Topic and Expression are what it
// is subscribed to; Java's plain pull consumer names them with every pull instead, and a lite one without a Topic is given queues.
type PullConsumer struct {
	Member     string `json:"member"`
	Namesrv    string `json:"namesrv"`
	Group      string `json:"group"`
	Instance   string `json:"instance"`
	Topic      string `json:"topic"`
	Expression string `json:"expression"`
	SQL        bool   `json:"sql,omitempty"`
}

// Pull asks for messages of one queue (command pull). Block waits at the server while there are none.
type Pull struct {
	Member      string `json:"member"`
	Queue       Queue  `json:"queue"`
	Expression  string `json:"expression"`
	SQL         bool   `json:"sql,omitempty"`
	Offset      int64  `json:"offset"`
	MaxMessages int    `json:"maxMessages"`
	Block       bool   `json:"block,omitempty"`
}

// PullResult is the reply to Pull. Status is FOUND, NO_NEW_MSG, NO_MATCHED_MSG or OFFSET_ILLEGAL.
type PullResult struct {
	Status     string      `json:"status"`
	NextOffset int64       `json:"nextOffset"`
	MinOffset  int64       `json:"minOffset"`
	MaxOffset  int64       `json:"maxOffset"`
	Messages   []Delivered `json:"messages"`
}

// Commit sets a pull consumer's place (command commit), or that of a lite one for itself alone (command seek, of Java); without an
// offset it asks for it (command committed).
type Commit struct {
	Member string `json:"member"`
	Queue  Queue  `json:"queue"`
	Offset int64  `json:"offset"`
}

// Assign gives a lite pull consumer queues instead of a subscription (command assign). The Go client has no such call.
type Assign struct {
	Member string  `json:"member"`
	Queues []Queue `json:"queues"`
}

// Poll takes what a lite pull consumer has got (command poll); the reply is a list of Delivered.
type Poll struct {
	Member        string `json:"member"`
	TimeoutMillis int64  `json:"timeoutMillis"`
}

// Offset asks for an offset or time of a queue (command offset): Which is min, max, search or earliest.
type Offset struct {
	Member          string `json:"member"`
	Queue           Queue  `json:"queue"`
	Which           string `json:"which"`
	TimestampMillis int64  `json:"timestampMillis,omitempty"`
}

// View asks for one message by its unique or offset id (command view); the reply is a Delivered.
type View struct {
	Member string `json:"member"`
	Topic  string `json:"topic"`
	ID     string `json:"id"`
}

// Query asks for messages by key (command query); the reply is a list of Delivered.
type Query struct {
	Member      string `json:"member"`
	Topic       string `json:"topic"`
	Key         string `json:"key"`
	MaxMessages int    `json:"maxMessages"`
	BeginMillis int64  `json:"beginMillis"`
	EndMillis   int64  `json:"endMillis"`
}

// CreateTopic creates a topic with the client's own call (command createTopic).
type CreateTopic struct {
	Member string `json:"member"`
	Topic  string `json:"topic"`
	Queues int    `json:"queues"`
	Broker string `json:"broker,omitempty"` // address, which the Go client wants
}

// Shutdown stops one member (command shutdown). The command ready has no arguments and does nothing.
type Shutdown struct {
	Member string `json:"member"`
}

// Body makes the body that agents send for a size and a seed: sixteen letters from a linear congruential generator, so it is
// reproducible, and a client that compresses can halve it.
func Body(size int, seed int32) []byte {
	body := make([]byte, size)
	state := uint32(seed)
	for i := range body {
		state = state*1664525 + 1013904223
		body[i] = 'a' + byte(state>>28)
	}
	return body
}
