package storenode

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/envelope"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

const replyTopic = "DefaultCluster_REPLY_TOPIC"

// replyTo is the header of a reply as stock clients fill it.
func replyTo(clientID string) protocol.SendMessageRequest {
	h := to(replyTopic)
	h.SysFlag = 1
	h.Properties = props("CORRELATION_ID", "77", "REPLY_TO_CLIENT", clientID, "MSG_TYPE", "reply")
	return h
}

func TestAReplyIsPushedToWhoAskedAndStored(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.allKnown()
		var pushed protocol.PushReplyMessageToClientRequest
		var body string
		s.consumer("asker", func(c *remoting.Command, to remoting.Responder) {
			if c.Code == protocol.PushReplyMessageToClient && pushed.Decode(c.Ext) == nil {
				body = string(c.Body)
			}
			to.Reply(&remoting.Response{})
		}, "T")
		p := s.dial()
		for code, h := range map[int32]remoting.Header{protocol.SendReplyMessageV2: replyTo("asker"), protocol.SendReplyMessage: protocol.SendMessageRequestV1(replyTo("asker"))} {
			var sent protocol.SendMessageResponse
			if err := sent.Decode(p.want(code, h, []byte("yes"), protocol.Success, "").Ext); err != nil {
				t.Fatal(err)
			}
			equal(t, "pushed body", body, "yes")
			equal(t, "pushed topic", pushed.Topic, replyTopic)
			equal(t, "pushed flags", pushed.SysFlag, 1)
			equal(t, "store host", pushed.StoreHost, "10.1.1.1:10911")
			if v := fmt.Sprintf("%q", pushed.Properties); v == "" || !pushedAt(pushed) {
				t.Errorf("no PUSH_REPLY_TIME in %s", v)
			}
			equal(t, "id", len(sent.MsgID), 32)
		}
		all := p.stored(replyTopic, 0)
		equal(t, "stored", len(all), 2)
		equal(t, "stored body", string(all[0].Body), "yes")
		equal(t, "stored flags", all[0].SysFlag, 1)
		equal(t, "stored properties", string(all[0].Properties), string(replyTo("asker").Properties))
	})
}

func pushedAt(h protocol.PushReplyMessageToClientRequest) bool {
	return message.Properties(h.Properties).Has(message.PropertyPushReplyTime)
}

func TestAReplyThatNobodyTakesIsStoredAllTheSame(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.allKnown()
		p := s.dial()
		p.want(protocol.SendReplyMessageV2, replyTo("nobody"), []byte("1"), protocol.SystemError, "push reply message fail, channel of <nobody> not found.")
		p.want(protocol.SendReplyMessageV2, to(replyTopic), []byte("2"), protocol.SystemError, "reply message properties[REPLY_TO_CLIENT] is null")
		s.consumer("refuser", func(_ *remoting.Command, to remoting.Responder) {
			to.Reply(&remoting.Response{Code: protocol.SystemError})
		}, "T")
		p.want(protocol.SendReplyMessageV2, replyTo("refuser"), []byte("3"), protocol.SystemError, "push reply message to refuserfail.")
		s.consumer("silent", func(_ *remoting.Command, to remoting.Responder) { to.Drop() }, "T")
		began := time.Now()
		p.want(protocol.SendReplyMessageV2, replyTo("silent"), []byte("4"), protocol.SystemError, "push reply message to silentfail.")
		about(t, "answered, though the asker is silent", time.Since(began), pushBound)
		equal(t, "stored", len(p.stored(replyTopic, 0)), 4)
	})
}

func TestAReplyNeedNotBeStored(t *testing.T) {
	withNode(t, func(c *Config) { c.StoreReplyMessageEnable = false }, func(s *scene) {
		s.allKnown()
		s.consumer("asker", func(_ *remoting.Command, to remoting.Responder) { to.Reply(&remoting.Response{}) }, "T")
		p := s.dial()
		var sent protocol.SendMessageResponse
		if err := sent.Decode(p.want(protocol.SendReplyMessageV2, replyTo("asker"), []byte("yes"), protocol.Success, "").Ext); err != nil {
			t.Fatal(err)
		}
		equal(t, "id", string(sent.MsgID), "0")
		p.want(protocol.SendReplyMessageV2, replyTo("nobody"), []byte("no"), protocol.SystemError, "not found")
		equal(t, "stored", len(p.stored(replyTopic, 0)), 0)
	})
}

func TestAReplyAfterAStartWaitsUntilTheAskersAreKnown(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.allKnown()
		s.restart()
		answered := make(chan int32, 1)
		p := s.dial()
		go func() { answered <- p.ask(protocol.SendReplyMessageV2, replyTo("asker"), []byte("yes")).Code }()
		synctest.Wait()
		s.consumer("asker", func(_ *remoting.Command, to remoting.Responder) { to.Reply(&remoting.Response{}) }, "T")
		began := time.Now()
		equal(t, "answer", <-answered, protocol.Success)
		about(t, "kept back", time.Since(began), startHoldBound)
	})
}

func TestAProducerThatLeftIsNotAsked(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.allKnown()
		asker := s.consumer("asker", func(_ *remoting.Command, to remoting.Responder) { to.Reply(&remoting.Response{}) }, "T")
		p := s.dial()
		p.want(protocol.SendReplyMessageV2, replyTo("asker"), []byte("yes"), protocol.Success, "")
		asker.want(protocol.UnregisterClient, protocol.UnregisterClientRequest{ClientID: "asker", ProducerGroup: "producers"}, nil, protocol.Success, "")
		p.want(protocol.SendReplyMessageV2, replyTo("asker"), []byte("yes"), protocol.SystemError, "not found")
	})
}

func TestAReplyComesThroughAnotherProxyThanTheAskers(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.allKnown()
		a, b := s.dialProxyAs("a"), s.dialProxyAs("b")
		a.open(1, "10.7.7.7:4711")
		b.open(1, "10.8.8.8:4711")
		a.ask(1, envelope.Control, protocol.HeartBeat, nil, heartbeat("asker", "group", protocol.Clustering, "T"))
		a.noticed()
		b.take()
		b.ask(1, envelope.Sends, protocol.SendReplyMessageV2, replyTo("asker"), []byte("yes"))
		pushed := a.take()
		if len(pushed) != 1 || pushed[0].code != protocol.PushReplyMessageToClient || pushed[0].envelope.Kind != envelope.Ask {
			t.Fatalf("the asker's proxy got %+v", pushed)
		}
		equal(t, "before the asker has it", len(b.take()), 0)
		a.links[envelope.Control].Write(remoting.AppendResponse(envelope.Envelope{Session: 1, Kind: envelope.Answer}.Append(nil), remoting.JSON, a.last.Opaque, &remoting.Response{}))
		settle()
		answered := b.take()
		if len(answered) != 1 || answered[0].code != protocol.Success {
			t.Fatalf("the replier's proxy got %+v", answered)
		}
	})
}

// noticed lets notices of the group go by.
func (p *proxyLinks) noticed() {
	time.Sleep(time.Second)
	p.take()
}
