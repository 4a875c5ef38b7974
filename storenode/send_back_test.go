package storenode

import (
	"fmt"
	"testing"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

func back(m message.Message, level int32) protocol.ConsumerSendMsgBackRequest {
	return protocol.ConsumerSendMsgBackRequest{Offset: m.PhysicalOffset, Group: "g", DelayLevel: level, OriginTopic: m.Topic}
}

// waitingAt is the only message of a delay level.
func (p *peer) waitingAt(level int32) message.Message { return p.one("SCHEDULE_TOPIC_XXXX", level-1) }

func TestAMessageThatFailsWaitsLongerEachTime(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		h := to("T")
		h.Properties = props("KEYS", "k", "WAIT", "true")
		p.send(h, "m")
		m := p.one("T", 0)
		first := message.OffsetID(m.StoreHost, m.PhysicalOffset)
		for tries := int32(1); tries <= 3; tries++ {
			p.want(protocol.ConsumerSendMsgBack, back(m, 0), nil, protocol.Success, "")
			level := 2 + tries
			m = p.waitingAt(level)
			equal(t, "tries", m.ReconsumeTimes, tries)
			equal(t, "body", string(m.Body), "m")
			for name, value := range map[string]string{"REAL_TOPIC": "%RETRY%g", "REAL_QID": "0", "DELAY": fmt.Sprint(level),
				"RETRY_TOPIC": "T", "ORIGIN_MESSAGE_ID": first, "KEYS": "k", "WAIT": ""} {
				equal(t, name, string(m.Properties.Get(name)), value)
			}
		}
	})
}

func TestTheClientMayChooseTheLevel(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		p.want(protocol.ConsumerSendMsgBack, back(p.one("T", 0), 5), nil, protocol.Success, "")
		p.waitingAt(5)
		p.want(protocol.ConsumerSendMsgBack, back(p.one("T", 0), 99), nil, protocol.Success, "")
		p.waitingAt(18)
	})
}

func TestTheDLQTakesWhatIsTriedNoMore(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		tried := to("T")
		tried.ReconsumeTimes = 16
		p.send(to("T"), "fresh")
		p.send(tried, "tried")
		fresh, old := p.stored("T", 0)[0], p.stored("T", 0)[1]
		few := back(fresh, 0)
		few.MaxReconsumeTimes, few.HasMaxReconsumeTimes = 0, true
		for _, h := range []protocol.ConsumerSendMsgBackRequest{back(old, 0), back(fresh, -1), few} {
			p.want(protocol.ConsumerSendMsgBack, h, nil, protocol.Success, "")
		}
		dead := p.stored("%DLQ%g", 0)
		equal(t, "dead letters", len(dead), 3)
		for i, m := range dead {
			equal(t, "tries", m.ReconsumeTimes, []int32{17, 1, 1}[i])
			equal(t, "delay", string(m.Properties.Get("DELAY")), "")
			equal(t, "topic", string(m.Properties.Get("RETRY_TOPIC")), "T")
		}
	})
}

func TestSendBacksThatCannotBeAreRefused(t *testing.T) {
	withNode(t, func(c *Config) { c.AutoCreateGroupEnable = false }, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		m := p.one("T", 0)
		p.want(protocol.ConsumerSendMsgBack, back(m, 0), nil, protocol.SubscriptionGroupNotExist, "subscription group not exist, g")
		g := protocol.NewSubscriptionGroupConfig("g")
		g.RetryQueueNums = 0
		p.want(protocol.UpdateAndCreateSubscriptionGroup, nil, g.Encode(), protocol.Success, "")
		p.want(protocol.ConsumerSendMsgBack, back(m, 0), nil, protocol.Success, "")
		equal(t, "without retry queues", len(p.stored("SCHEDULE_TOPIC_XXXX", 2)), 0)
		g.RetryQueueNums = 1
		p.want(protocol.UpdateAndCreateSubscriptionGroup, nil, g.Encode(), protocol.Success, "")
		m.PhysicalOffset++
		p.want(protocol.ConsumerSendMsgBack, back(m, 0), nil, protocol.SystemError, fmt.Sprint("look message by offset failed, ", m.PhysicalOffset))
		p.want(protocol.ConsumerSendMsgBack, nil, nil, protocol.SystemError, "> is null")
		readOnly := newTopic("%RETRY%g", false)
		readOnly.Perm = 4
		p.want(protocol.UpdateAndCreateTopic, readOnly, nil, protocol.Success, "")
		m.PhysicalOffset--
		p.want(protocol.ConsumerSendMsgBack, back(m, 0), nil, protocol.NoPermission, "the topic[%RETRY%g] sending message is forbidden")
	})
}
