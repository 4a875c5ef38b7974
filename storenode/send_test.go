package storenode

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/commitlog"
)

func TestASendIsAnsweredWithItsPlace(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		h := to("T")
		h.QueueID, h.Flag, h.ReconsumeTimes = 2, 7, 1
		h.Properties = props("KEYS", "k", "WAIT", "true", "CLUSTER", "of the client")
		p.send(h, "first")
		sent := p.send(h, "second")
		equal(t, "queue", sent.QueueID, 2)
		equal(t, "queue offset", sent.QueueOffset, 1)
		equal(t, "region", sent.Region, "DefaultRegion")
		equal(t, "trace on", sent.TraceOn, true)
		host, offset, err := message.ParseOffsetID(string(sent.MsgID))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "store host", host.String(), "10.1.1.1:10911")
		viewed := messages(t, p.want(protocol.ViewMessageByID, protocol.ViewMessageByIDRequest{Offset: offset}, nil, protocol.Success, "").Body)[0]
		equal(t, "body", string(viewed.Body), "second")
		equal(t, "flag", viewed.Flag, 7)
		equal(t, "reconsume times", viewed.ReconsumeTimes, 1)
		equal(t, "born", viewed.BornTimestamp, 1234)
		equal(t, "properties", string(viewed.Properties), "KEYS\x01k\x02CLUSTER\x01DefaultCluster\x02")
	})
}

func TestBothHeadersOfASendMeanTheSame(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.want(protocol.SendMessage, protocol.SendMessageRequestV1(to("T")), []byte("long names"), protocol.Success, "")
		p.want(protocol.SendMessageV2, to("T"), []byte("letters"), protocol.Success, "")
		equal(t, "messages", len(p.stored("T", 0)), 2)
	})
}

func TestATopicIsMadeInTheImageOfTBW102(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		few, many, any := to("Few"), to("Many"), to("Any")
		few.DefaultTopicQueueNums, many.DefaultTopicQueueNums, any.QueueID = 3, 100, -1
		p.send(few, "m")
		p.send(many, "m")
		if sent := p.send(any, "m"); sent.QueueID < 0 || sent.QueueID >= 4 {
			t.Errorf("a negative queue became %d", sent.QueueID)
		}
		for topic, queues := range map[string]int32{"Few": 3, "Many": 8} {
			made := s.node.topics.Get([]byte(topic))
			equal(t, topic+"'s queues", made.WriteQueueNums, queues)
			equal(t, topic+"'s permissions", int32(made.Perm), 6)
		}
	})
}

// TestSendsAreCheckedInOrder: each request has every fault of those behind it.
func TestSendsAreCheckedInOrder(t *testing.T) {
	withNode(t, func(c *Config) { c.AutoCreateGroupEnable, c.RejectTransactionMessage = false, true }, func(s *scene) {
		p := s.dial()
		p.send(to("There"), "m")
		long := strings.Repeat("b", s.config.MaxMessageBytes+1)
		for _, c := range []struct {
			what   string
			change func(*protocol.SendMessageRequest)
			code   int32
			remark string
		}{
			{"blank topic", func(h *protocol.SendMessageRequest) { h.Topic = []byte(" ") }, protocol.SystemError, "is blank"},
			{"illegal topic", func(h *protocol.SendMessageRequest) { h.Topic = []byte("a/b") }, protocol.SystemError, "illegal characters"},
			{"long topic", func(h *protocol.SendMessageRequest) { h.Topic = []byte(strings.Repeat("t", 128)) }, protocol.SystemError, "longer than"},
			{"reserved topic", func(h *protocol.SendMessageRequest) { h.Topic = []byte("SCHEDULE_TOPIC_XXXX") }, protocol.NoPermission, "is forbidden"},
			{"topic not to be made", func(h *protocol.SendMessageRequest) { h.DefaultTopic = []byte("Nothing") }, protocol.TopicNotExist, "topic[New] not exist, apply first please!"},
			{"queue", func(h *protocol.SendMessageRequest) { h.Topic = []byte("There") }, protocol.SystemError, "request queueId[99] is illegal"},
			{"retry of no group", func(h *protocol.SendMessageRequest) { h.Topic, h.QueueID = []byte("%RETRY%nobody"), 0 }, protocol.SubscriptionGroupNotExist, "subscription group not exist, nobody"},
			{"transaction", func(h *protocol.SendMessageRequest) { h.Topic, h.QueueID = []byte("There"), 0 }, protocol.NoPermission, "transaction message is forbidden"},
		} {
			h := to("New")
			h.QueueID, h.Properties = 99, props("TRAN_MSG", "true")
			c.change(&h)
			answer := p.want(protocol.SendMessageV2, h, []byte(long), c.code, c.remark)
			if region, _ := answer.Ext.Get("MSG_REGION"); string(region) != "DefaultRegion" {
				t.Errorf("%s: MSG_REGION is %q", c.what, region)
			}
		}
		p.want(protocol.SendMessageV2, nil, nil, protocol.SystemError, "the custom field <a> is null")
	})
}

func TestABrokerWithoutWritePermissionRefusesOrderedTopicsOnly(t *testing.T) {
	withNode(t, func(c *Config) { c.BrokerPermission = 4 }, func(s *scene) {
		p := s.dial()
		p.want(protocol.UpdateAndCreateTopic, newTopic("Ordered", true), nil, protocol.Success, "")
		p.want(protocol.SendMessageV2, to("Ordered"), nil, protocol.NoPermission, "the broker[10.1.1.1] sending message is forbidden")
		p.send(to("Plain"), "m")
	})
}

func TestWhatDoesNotFitIsIllegal(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		full := strings.Repeat("b", s.config.MaxMessageBytes)
		p.send(to("T"), full)
		p.want(protocol.SendMessageV2, to("T"), []byte(full+"b"), protocol.MessageIllegal, "msg body length limit 65536B")
		h := to("T")
		room := message.MaxPropertiesBytes - len("k\x01\x02CLUSTER\x01DefaultCluster\x02")
		h.Properties = props("k", strings.Repeat("v", room))
		p.send(h, "m")
		h.Properties = props("k", strings.Repeat("v", room+1))
		p.want(protocol.SendMessageV2, h, []byte("m"), protocol.MessageIllegal, "msg properties length limit 32KB")
		h.Properties = props("DELAY", "soon")
		p.want(protocol.SendMessageV2, h, []byte("m"), protocol.SystemError, "DELAY")
		equal(t, "messages", len(p.stored("T", 0)), 2)
	})
}

func TestARetryThatUsedUpItsTriesGoesToTheDLQ(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for tries, topic := range map[int32]string{15: "%RETRY%g", 16: "%DLQ%g"} {
			h := to("%RETRY%g")
			h.ReconsumeTimes, h.Properties = tries, props("KEYS", "k")
			p.send(h, "m")
			equal(t, topic+"'s reconsume times", p.one(topic, 0).ReconsumeTimes, tries)
		}
		h := to("%RETRY%h")
		h.MaxReconsumeTimes, h.HasMaxReconsumeTimes, h.ReconsumeTimes = 2, true, 2
		h.Properties = props("DELAY", "3", "KEYS", "k")
		p.send(h, "m")
		dead := p.one("%DLQ%h", 0)
		equal(t, "properties", string(dead.Properties), "KEYS\x01k\x02CLUSTER\x01DefaultCluster\x02")
		equal(t, "the DLQ's permissions", int32(s.node.topics.Get([]byte("%DLQ%h")).Perm), 6)
	})
}

// batchOf is a batch's body; each message has a key of its number.
func batchOf(t *testing.T, bodies ...string) (batch []byte) {
	for i, body := range bodies {
		var err error
		if batch, err = message.AppendInner(batch, message.Inner{Flag: int32(i), Body: []byte(body), Properties: props("KEYS", fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
	}
	return batch
}

func batchTo(topic string) protocol.SendMessageRequest {
	h := to(topic)
	h.Batch, h.Properties = true, props("WAIT", "true")
	return h
}

func TestABatchIsStoredTogether(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "before")
		answer := p.want(protocol.SendBatchMessage, batchTo("T"), batchOf(t, "a", "b", "c"), protocol.Success, "")
		var sent protocol.SendMessageResponse
		if err := sent.Decode(answer.Ext); err != nil {
			t.Fatal(err)
		}
		equal(t, "first queue offset", sent.QueueOffset, 1)
		ids := strings.Split(string(sent.MsgID), ",")
		equal(t, "ids", len(ids), 3)
		for i, m := range p.stored("T", 0)[1:] {
			equal(t, "body", string(m.Body), string(rune('a'+i)))
			equal(t, "flag", m.Flag, int32(i))
			equal(t, "queue offset", m.QueueOffset, int64(i+1))
			equal(t, "id", ids[i], message.OffsetID(m.StoreHost, m.PhysicalOffset))
			equal(t, "properties", string(m.Properties), fmt.Sprintf("KEYS\x01%d\x02CLUSTER\x01DefaultCluster\x02", i))
		}
	})
}

func TestABatchIsStoredWholeOrNotAtAll(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		delayed := batchTo("T")
		delayed.Properties = props("DELAY", "1")
		whole := batchOf(t, "a", "b")
		long := strings.Repeat("x", 40<<10)
		for what, c := range map[string]struct {
			h    protocol.SendMessageRequest
			body []byte
		}{
			"torn":       {batchTo("T"), whole[:len(whole)-1]},
			"empty":      {batchTo("T"), nil},
			"delayed":    {delayed, whole},
			"too long":   {batchTo("T"), batchOf(t, long, long)},
			"properties": {batchTo("T"), longBatch(t)},
		} {
			answer := p.ask(protocol.SendBatchMessage, c.h, c.body)
			equal(t, what, answer.Code, protocol.MessageIllegal)
		}
		equal(t, "messages", len(p.stored("T", 0)), 0)
		equal(t, "queue offset of the next", p.send(to("T"), "m").QueueOffset, 0)
	})
}

// longBatch has properties that do not fit once the server has added its own.
func longBatch(t *testing.T) []byte {
	b, err := message.AppendInner(nil, message.Inner{Body: []byte("m"), Properties: props("k", strings.Repeat("v", message.MaxPropertiesBytes-3))})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestADelayedSendWaitsInTheScheduleTopic(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for level, queue := range map[string]int32{"3": 2, "99": 17} {
			h := to("T")
			h.QueueID, h.Properties = 1, props("DELAY", level)
			equal(t, "answered queue", p.send(h, level).QueueID, 1)
			waiting := p.one("SCHEDULE_TOPIC_XXXX", queue)
			equal(t, "real topic", string(waiting.Properties.Get("REAL_TOPIC")), "T")
			equal(t, "real queue", string(waiting.Properties.Get("REAL_QID")), "1")
		}
		h := to("T")
		h.QueueID, h.Properties = 1, props("DELAY", "0")
		p.send(h, "at once")
		equal(t, "body", string(p.one("T", 1).Body), "at once")
	})
}

func TestASendThatTheDiskRefusesNamesTheCause(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		full := failWrites(s.fs)
		for range 2 {
			p.want(protocol.SendMessageV2, to("T"), []byte("m"), protocol.ServiceNotAvailable, syscall.ENOSPC.Error())
		}
		full.Store(false)
	})
}

func TestABusyLogIsARetryableAnswerThatNamesWhatIsFull(t *testing.T) {
	busy := &commitlog.BusyError{What: "bytes", Queued: 70, Limit: 64}
	var stated *protocol.Error
	if err := (&sends{}).refusal(fmt.Errorf("append: %w", busy)); !errors.As(err, &stated) {
		t.Fatal(err)
	}
	equal(t, "code", stated.Code, protocol.SystemError)
	if !strings.Contains(stated.Remark, "[PC_SYNCHRONIZED]broker busy") || !strings.Contains(stated.Remark, "70 of 64 bytes") {
		t.Errorf("remark %q", stated.Remark)
	}
}

func TestAOnewaySendIsStoredAndNotAnswered(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.client.Oneway(&remoting.Request{Code: protocol.SendMessageV2, Header: to("T"), Body: []byte("m")})
		p.client.Oneway(&remoting.Request{Code: protocol.SendMessageV2, Header: to("a/b"), Body: []byte("m")})
		synctest.Wait()
		equal(t, "body", string(p.one("T", 0).Body), "m")
	})
}
