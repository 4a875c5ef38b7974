package client

import (
	"strings"
	"time"

	"gantry/remoting/message"
)

// Sent is one attempt to send that a broker answered with a place for what was sent (SendMessageContext after its send).
type Sent struct {
	Topic      string
	Properties message.Properties // of the request: of a batch its own, not its messages'
	BodyBytes  int                // as they travelled: compressed, of a batch all messages'
	MsgIDs     string             // of a batch all, joined by commas
	Addr       string             // of who answered
	Begun      time.Time          // when the attempt began
	Result     SendResult
}

// tell has who asked to hear of sends hear of one that was answered.
func (p *Producer) tell(f *forward, target *Target, begun time.Time, result SendResult, err error) {
	if p.config.Sent == nil || err != nil {
		return
	}
	ids := f.msgID
	if len(f.batch) > 0 {
		ids = strings.Join(f.batch, ",")
	}
	p.config.Sent(Sent{Topic: f.topic, Properties: f.head.Properties, BodyBytes: len(f.body), MsgIDs: ids, Addr: target.Addr(0), Begun: begun, Result: result})
}
