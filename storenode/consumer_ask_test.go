package storenode

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

// consumer is a client that answers what the node asks of it.
func (s *scene) consumer(id string, heard remoting.Handler, topics ...string) *peer {
	s.t.Helper()
	p := &peer{s: s}
	dial := func(ctx context.Context, name string) (net.Conn, error) { return s.network.Dial(ctx, name) }
	var err error
	if p.client, err = remoting.Dial(context.Background(), dial, "node", remoting.Limits{}, heard); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(p.client.Close)
	p.beat(id, topics...)
	return p
}

func runningInfo(clientID string) remoting.Header {
	return protocol.GetConsumerRunningInfoRequest{ConsumerGroup: "group", ClientID: clientID, JstackEnable: true}
}

func TestAConsumerIsAskedAboutItselfThroughTheNode(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.consumer("c", func(c *remoting.Command, to remoting.Responder) {
			var h protocol.GetConsumerRunningInfoRequest
			h.Decode(c.Ext)
			to.Reply(&remoting.Response{Code: 5, Remark: "seen", Body: fmt.Appendf(nil, "%d %+v", c.Code, h)})
		}, "T")
		answer := s.dial().want(protocol.GetConsumerRunningInfo, runningInfo("c"), nil, 5, "seen")
		equal(t, "body", string(answer.Body), "307 {ConsumerGroup:group ClientID:c JstackEnable:true}")
	})
}

func TestAConsumerThatCannotAnswerIsAnAnswer(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.want(protocol.GetConsumerRunningInfo, runningInfo("c"), nil, protocol.SystemError, "The Consumer <group> <c> not online")
		gone := s.consumer("c", func(_ *remoting.Command, to remoting.Responder) { to.Drop() }, "T")
		began := time.Now()
		p.want(protocol.GetConsumerRunningInfo, runningInfo("c"), nil, protocol.ConsumeMsgTimeout, "consumer <group> <c> Timeout")
		about(t, "a silent consumer", time.Since(began), askBound)
		time.AfterFunc(time.Second, gone.client.Close)
		p.want(protocol.GetConsumerRunningInfo, runningInfo("c"), nil, protocol.SystemError, "invoke consumer <group> <c> Exception")
	})
}

func TestOneMessageIsConsumedDirectly(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		sent := p.send(to("T"), "look at this")
		var got protocol.ConsumeMessageDirectlyRequest
		var body string
		s.consumer("c", func(c *remoting.Command, to remoting.Responder) {
			got.Decode(c.Ext)
			m, _, _ := message.Decode(c.Body)
			body = string(m.Body)
			to.Reply(&remoting.Response{Body: []byte(`{"consumeResult":"CR_SUCCESS"}`)})
		}, "T")
		ask := protocol.ConsumeMessageDirectlyRequest{ConsumerGroup: "group", ClientID: "c", MsgID: string(sent.MsgID)}
		answer := p.want(protocol.ConsumeMessageDirectly, ask, nil, protocol.Success, "")
		equal(t, "result", string(answer.Body), `{"consumeResult":"CR_SUCCESS"}`)
		ask.BrokerName = "shard"
		equal(t, "asked", got, ask)
		equal(t, "message", body, "look at this")
		ask.MsgID = strings.Repeat("F", 32)
		p.want(protocol.ConsumeMessageDirectly, ask, nil, protocol.SystemError, "")
	})
}
