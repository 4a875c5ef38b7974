package bench

import (
	"strconv"
	"strings"
	"time"

	"gantry/remoting/message"
	"gantry/tools/client"
)

// traceContext is what a trace says of one send or consumption (TraceContext, with its one TraceBean).
type traceContext interface {
	// text is its fields in the order of 4.9's TraceDataEncoder.
	text() []string
	// keys are what the trace is found by: the message's id and its keys.
	keys() (msgID, keys string)
}

// What ends a field and a context in a trace's body.
const (
	traceFieldEnd   = "\x01"
	traceContextEnd = "\x02"
)

// appendTrace appends a context as stock clients encode it.
func appendTrace(dst []byte, c traceContext) []byte {
	return append(append(dst, strings.Join(c.text(), traceFieldEnd)...), traceContextEnd...)
}

// traceType is a message's kind, in the order of MessageType.
type traceType int

const (
	traceNormal traceType = iota
	traceHalf
	traceCommit
	traceDelay
)

// tracedMessage is what every trace of a message has. Java prints "null" for tags, keys and regions that are not there.
type tracedMessage struct {
	at                                             time.Time
	region, group, topic, msgID, tags, messageKeys string
}

func (m tracedMessage) keys() (msgID, keys string) { return m.msgID, m.messageKeys }

// begin are the fields with which Pub and EndTransaction begin.
func (m tracedMessage) begin(kind string) []string {
	return []string{kind, unixMillis(m.at), orNull(m.region), m.group, m.topic, m.msgID, orNull(m.tags), orNull(m.messageKeys)}
}

func unixMillis(t time.Time) string      { return strconv.FormatInt(t.UnixMilli(), 10) }
func wholeMillis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// pubTrace is a send that was answered.
type pubTrace struct {
	tracedMessage
	sent client.Sent
	took time.Duration
	kind traceType
	good bool
}

func (t pubTrace) text() []string {
	return append(t.begin("Pub"), t.sent.Addr, strconv.Itoa(t.sent.BodyBytes), wholeMillis(t.took), strconv.Itoa(int(t.kind)),
		t.sent.Result.OffsetMsgID, strconv.FormatBool(t.good))
}

// endTrace is a transaction's end, told by its sender or as the answer to a check.
type endTrace struct {
	tracedMessage
	addr    string
	state   client.TransactionState
	checked bool
}

func (t endTrace) text() []string {
	return append(t.begin("EndTransaction"), t.addr, strconv.Itoa(int(traceCommit)), t.msgID, t.state.String(), strconv.FormatBool(t.checked))
}

// subTrace is a message that a handler is given; requestID tells this time from others.
type subTrace struct {
	tracedMessage
	requestID string
	times     int32 // that it came before
}

func (t subTrace) text() []string {
	return []string{"SubBefore", unixMillis(t.at), orNull(t.region), t.group, t.requestID, t.msgID, strconv.Itoa(int(t.times)), orNull(t.messageKeys)}
}

// What a handler's return means, in the order of ConsumeReturnType.
const (
	returnedSuccess = 0
	returnedFailed  = 4
)

// subbedTrace is what became of a subTrace.
type subbedTrace struct {
	subTrace
	ended time.Time
	good  bool
}

func (t subbedTrace) text() []string {
	returned := returnedFailed
	if t.good {
		returned = returnedSuccess
	}
	return []string{"SubAfter", t.requestID, t.msgID, wholeMillis(t.ended.Sub(t.at)), strconv.FormatBool(t.good), orNull(t.messageKeys),
		strconv.Itoa(returned), unixMillis(t.ended), t.group}
}

// tagsAndKeys are a message's, as its properties have them.
func tagsAndKeys(p message.Properties) (tags, keys string) {
	return string(p.Get(message.PropertyTags)), string(p.Get(message.PropertyKeys))
}
