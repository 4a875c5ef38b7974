package storenode

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// later asks in the background; what it returns gives the answer and how long it took.
func (p *peer) later(code int32, h remoting.Header, body []byte) func() (*remoting.Command, time.Duration) {
	p.s.t.Helper()
	asked := time.Now()
	type answered struct {
		c  *remoting.Command
		at time.Time
	}
	got := make(chan answered, 1)
	go func() {
		c := p.askWithin(time.Hour, code, h, body)
		got <- answered{c, time.Now()}
	}()
	synctest.Wait()
	return func() (*remoting.Command, time.Duration) {
		a := <-got
		return a.c, a.at.Sub(asked)
	}
}

// held is from that waits for a message.
func held(topic string, queueID int32, offset int64) protocol.PullMessageRequest {
	h := from(topic, queueID, offset)
	h.SysFlag |= protocol.PullSuspend
	return h
}

func places(t *testing.T, c *remoting.Command) string {
	t.Helper()
	var h protocol.PullMessageResponse
	if err := h.Decode(c.Ext); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d of %d-%d, broker %d", h.NextBeginOffset, h.MinOffset, h.MaxOffset, h.SuggestWhichBrokerID)
}

func TestASendWakesAHeldPullWithinNoTime(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "seen")
		answer := p.later(protocol.PullMessage, held("T", 0, 1), nil)
		time.Sleep(7 * time.Second)
		s.dial().send(to("T"), "new")
		c, took := answer()
		about(t, "after", took, 7*time.Second)
		equal(t, "code", c.Code, protocol.Success)
		equal(t, "remark", c.Remark, "FOUND")
		equal(t, "places", places(t, c), "2 of 0-2, broker 0")
		equal(t, "body", string(messages(t, c.Body)[0].Body), "new")
	})
}

func TestAHoldEndsWithNothingNew(t *testing.T) {
	for _, long := range []bool{true, false} {
		withNode(t, func(c *Config) { c.LongPollingEnable = long }, func(s *scene) {
			p := s.dial()
			p.send(to("T"), "seen")
			c, took := p.later(protocol.PullMessage, held("T", 0, 1), nil)()
			about(t, "after", took, map[bool]time.Duration{true: 15 * time.Second, false: time.Second}[long])
			equal(t, "code", c.Code, protocol.PullNotFound)
			equal(t, "places", places(t, c), "1 of 0-1, broker 0")
			c, took = p.later(protocol.PullMessage, from("T", 0, 1), nil)()
			about(t, "without suspension after", took, 0)
			equal(t, "code", c.Code, protocol.PullNotFound)
		})
	}
}

func TestOffsetsOutsideAQueueAreAnsweredAsJavaDoes(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "a")
		p.send(to("T"), "b")
		for _, c := range []struct {
			queue  int32
			offset int64
			code   int32
			remark string
			places string
		}{
			{0, 0, protocol.Success, "FOUND", "2 of 0-2, broker 0"},
			{0, 2, protocol.PullNotFound, "OFFSET_OVERFLOW_ONE", "2 of 0-2, broker 0"},
			{0, 3, protocol.PullOffsetMoved, "OFFSET_OVERFLOW_BADLY", "2 of 0-2, broker 0"},
			{0, -1, protocol.PullOffsetMoved, "OFFSET_TOO_SMALL", "0 of 0-2, broker 0"},
			{1, 0, protocol.PullNotFound, "NO_MESSAGE_IN_QUEUE", "0 of 0-0, broker 0"},
			{1, 5, protocol.PullOffsetMoved, "NO_MESSAGE_IN_QUEUE", "0 of 0-0, broker 0"},
		} {
			answer := p.want(protocol.PullMessage, from("T", c.queue, c.offset), nil, c.code, c.remark)
			equal(t, fmt.Sprint("queue ", c.queue, " from ", c.offset), places(t, answer), c.places)
		}
	})
}

func TestPullsAreCheckedInOrder(t *testing.T) {
	withNode(t, func(c *Config) { c.AutoCreateGroupEnable = false }, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		write := newTopic("WriteOnly", false)
		write.Perm = 2
		p.want(protocol.UpdateAndCreateTopic, write, nil, protocol.Success, "")
		for _, name := range []string{"group", "off", "alone"} {
			g := protocol.NewSubscriptionGroupConfig(name)
			g.ConsumeEnable, g.ConsumeBroadcastEnable = name != "off", name != "alone"
			p.want(protocol.UpdateAndCreateSubscriptionGroup, nil, g.Encode(), protocol.Success, "")
		}
		p.want(protocol.HeartBeat, nil, heartbeat("c", "alone", protocol.Broadcasting, "T"), protocol.Success, "")
		p.want(protocol.HeartBeat, nil, heartbeat("c", "group", protocol.Clustering, "T"), protocol.Success, "")
		for _, c := range []struct {
			change func(*protocol.PullMessageRequest)
			code   int32
			remark string
		}{
			{func(h *protocol.PullMessageRequest) { h.ConsumerGroup = []byte("nobody") }, protocol.SubscriptionGroupNotExist, "subscription group [nobody] does not exist"},
			{func(h *protocol.PullMessageRequest) { h.ConsumerGroup = []byte("off") }, protocol.NoPermission, "subscription group no permission"},
			{func(*protocol.PullMessageRequest) {}, protocol.TopicNotExist, "topic[Nothing] not exist"},
			{func(h *protocol.PullMessageRequest) { h.Topic = []byte("WriteOnly") }, protocol.NoPermission, "the topic[WriteOnly] pulling message is forbidden"},
			{func(h *protocol.PullMessageRequest) { h.Topic = []byte("T") }, protocol.SystemError, "queueId[77] is illegal"},
			{func(h *protocol.PullMessageRequest) { stated(h, "||", "") }, protocol.SubscriptionParseFailed, "parse the consumer's subscription failed"},
			{func(h *protocol.PullMessageRequest) { stated(h, "a > 1", "SQL92") }, protocol.SystemError, "does not support consumer to filter message by SQL92"},
			{func(h *protocol.PullMessageRequest) { kept(h, "TOOLS_CONSUMER") }, protocol.SubscriptionNotExist, "group info not exist"},
			{func(h *protocol.PullMessageRequest) { kept(h, "alone") }, protocol.NoPermission, "can not consume by broadcast way"},
			{func(h *protocol.PullMessageRequest) { kept(h, "group"); h.Topic = []byte("BenchmarkTest") }, protocol.SubscriptionNotExist, "subscription not exist"},
			{func(h *protocol.PullMessageRequest) { kept(h, "group"); h.SubVersion = 2 }, protocol.SubscriptionNotLatest, "not latest"},
		} {
			h := held("Nothing", 77, 0)
			c.change(&h)
			p.want(protocol.PullMessage, h, nil, c.code, c.remark)
		}
		p.want(protocol.PullMessage, nil, nil, protocol.SystemError, "the custom field <consumerGroup> is null")
	})
}

// stated is a pull of T that brings its subscription along.
func stated(h *protocol.PullMessageRequest, expression, kind string) {
	h.Topic, h.QueueID, h.Subscription, h.ExpressionType = []byte("T"), 0, []byte(expression), []byte(kind)
}

// kept is a pull of T by the subscription of its group's heartbeats.
func kept(h *protocol.PullMessageRequest, group string) {
	h.Topic, h.QueueID, h.ConsumerGroup = []byte("T"), 0, []byte(group)
	h.SysFlag &^= protocol.PullSubscription
}

func TestABrokerWithoutReadPermissionServesNoPull(t *testing.T) {
	withNode(t, func(c *Config) { c.BrokerPermission = 2 }, func(s *scene) {
		s.dial().want(protocol.PullMessage, from("T", 0, 0), nil, protocol.NoPermission, "the broker[10.1.1.1] pulling message is forbidden")
	})
}

func TestTagsAreFiltered(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for _, tag := range []string{"a", "b", "", "a"} {
			h := to("T")
			h.Properties = props("TAGS", tag)
			p.send(h, tag)
		}
		wanting := func(expression string, offset int64) protocol.PullMessageRequest {
			h := held("T", 0, offset)
			h.Subscription = []byte(expression)
			return h
		}
		equal(t, "of a", len(messages(t, p.want(protocol.PullMessage, wanting("a", 0), nil, protocol.Success, "").Body)), 2)
		equal(t, "of a or b", len(messages(t, p.want(protocol.PullMessage, wanting("a || b", 0), nil, protocol.Success, "").Body)), 3)
		c := p.want(protocol.PullMessage, wanting("c", 0), nil, protocol.PullRetryImmediately, "NO_MATCHED_MESSAGE")
		equal(t, "behind what was filtered out", places(t, c), "4 of 0-4, broker 0")

		answer := p.later(protocol.PullMessage, wanting("c", 4), nil)
		for _, tag := range []string{"b", "c"} {
			time.Sleep(time.Second)
			h := to("T")
			h.Properties = props("TAGS", tag)
			p.send(h, tag)
		}
		c, took := answer()
		about(t, "woken after", took, 2*time.Second)
		equal(t, "body", string(messages(t, c.Body)[0].Body), "c")
	})
}

func TestACommitRidesOnAPullThatIsHeld(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		h := held("T", 0, 1)
		h.SysFlag |= protocol.PullCommitOffset
		h.CommitOffset = 1
		answer := p.later(protocol.PullMessage, h, nil)
		equal(t, "committed", p.offset("T", "group", 0), 1)
		answer()
	})
}

func TestThePullOfAClosedChannelIsDropped(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		p.later(protocol.PullMessage, held("T", 0, 1), nil)
		equal(t, "held", s.node.held.Len(), 1)
		p.client.Close()
		synctest.Wait()
		equal(t, "held", s.node.held.Len(), 0)
	})
}

func TestAnEndingNodeAnswersHeldPulls(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		answer := p.later(protocol.PullMessage, held("T", 0, 1), nil)
		time.Sleep(time.Second)
		s.close()
		c, took := answer()
		about(t, "after", took, time.Second)
		equal(t, "code", c.Code, protocol.PullNotFound)
		equal(t, "logged", s.log.complaints(), "")
	})
}

func TestAPullBeforeTheHeartbeatIsServedAfterARestart(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		p.want(protocol.HeartBeat, nil, heartbeat("c", "group", protocol.Clustering, "T"), protocol.Success, "")
		for _, end := range []func(){s.close, func() { time.Sleep(2 * time.Second); s.kill() }} {
			end()
			s.open()
			h := held("T", 0, 0)
			kept(&h, "group")
			h.SubVersion = 9 // of a heartbeat that was lost with the node
			s.dial().want(protocol.PullMessage, h, nil, protocol.Success, "FOUND")
		}
	})
}

func TestMoreHeldPullsThanTheBoundAreAnsweredAtOnce(t *testing.T) {
	withNode(t, func(c *Config) { c.HeldPulls = 1 }, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		answer := p.later(protocol.PullMessage, held("T", 0, 1), nil)
		_, took := p.later(protocol.PullMessage, held("T", 0, 1), nil)()
		about(t, "the second after", took, 0)
		_, took = answer()
		about(t, "the first after", took, 15*time.Second)
	})
}

func TestAnEndlessSuspensionIsBounded(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		for _, millis := range []int64{1 << 62, 1<<63 - 1} {
			h := held("T", 0, 1)
			h.SuspendTimeoutMillis = millis
			_, took := p.later(protocol.PullMessage, h, nil)()
			about(t, "after", took, maxSuspension)
		}
	})
}
