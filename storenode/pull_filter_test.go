package storenode

import (
	"strings"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

func withFilters(t *testing.T, change func(*Config), test func(*scene)) {
	t.Helper()
	withNode(t, func(c *Config) {
		c.EnablePropertyFilter = true
		if change != nil {
			change(c)
		}
	}, test)
}

// bySQL is a pull of T that brings a SQL92 expression along.
func bySQL(expression string, offset int64) protocol.PullMessageRequest {
	h := held("T", 0, offset)
	stated(&h, expression, "SQL92")
	return h
}

// subscribe is a heartbeat of the group for T.
func (p *peer) subscribe(expression, kind string, version int64) {
	p.s.t.Helper()
	data := protocol.HeartbeatData{ClientID: "c", ConsumerDataSet: protocol.Set[protocol.ConsumerData]{{
		GroupName: "group", ConsumeType: protocol.ConsumePassively, MessageModel: protocol.Clustering, ConsumeFromWhere: "CONSUME_FROM_LAST_OFFSET",
		SubscriptionDataSet: protocol.Set[protocol.SubscriptionData]{
			{Topic: "T", SubString: expression, SubVersion: version, ExpressionType: kind},
			{Topic: "%RETRY%group", SubString: "*", SubVersion: version, ExpressionType: "TAG"},
		},
	}}}
	p.want(protocol.HeartBeat, nil, data.Encode(), protocol.Success, "")
}

// subscribed is a pull of T by the group's heartbeats that knows the version.
func subscribed(version, offset int64) protocol.PullMessageRequest {
	h := from("T", 0, offset)
	kept(&h, "group")
	h.SubVersion = version
	return h
}

// sendNumbered sends messages to T whose bodies are their property n.
func (p *peer) sendNumbered(numbers ...string) {
	p.s.t.Helper()
	for _, n := range numbers {
		h := to("T")
		h.Properties = props("n", n, "TAGS", "a")
		p.send(h, n)
	}
}

func bodies(t *testing.T, c *remoting.Command) string {
	t.Helper()
	var all []string
	for _, m := range messages(t, c.Body) {
		all = append(all, string(m.Body))
	}
	return strings.Join(all, " ")
}

func TestAPullStatesASQLExpression(t *testing.T) {
	withFilters(t, nil, func(s *scene) {
		p := s.dial()
		p.sendNumbered("1", "7", "x", "9")
		for expression, want := range map[string]string{
			"n > 5": "7 9", "n = 'x'": "x", "n IN ('1', '9')": "1 9", "TAGS = 'a' AND n BETWEEN 1 AND 8": "1 7", "n IS NOT NULL": "1 7 x 9",
		} {
			equal(t, expression, bodies(t, p.want(protocol.PullMessage, bySQL(expression, 0), nil, protocol.Success, "FOUND")), want)
		}
		c := p.want(protocol.PullMessage, bySQL("gone = 1", 1), nil, protocol.PullRetryImmediately, "NO_MATCHED_MESSAGE")
		equal(t, "behind what was filtered out", places(t, c), "4 of 0-4, broker 0")
	})
}

func TestAnExpressionInAPullThatCannotBeReadWantsEverything(t *testing.T) {
	withFilters(t, nil, func(s *scene) {
		p := s.dial()
		p.sendNumbered("1", "7")
		for _, kind := range []string{"SQL92", "XPATH"} {
			h := bySQL("n >", 0)
			h.ExpressionType = []byte(kind)
			equal(t, kind, bodies(t, p.want(protocol.PullMessage, h, nil, protocol.Success, "FOUND")), "1 7")
		}
		p.want(protocol.PullMessage, bySQL("", 0), nil, protocol.SubscriptionParseFailed, "parse the consumer's subscription failed")
		p.want(protocol.PullMessage, bySQL(strings.Repeat("(", 5000), 0), nil, protocol.SubscriptionParseFailed, "within each other")
	})
}

func TestAPullGoesByTheExpressionOfTheHeartbeat(t *testing.T) {
	withFilters(t, nil, func(s *scene) {
		p := s.dial()
		p.sendNumbered("1", "7", "9")
		p.subscribe("n > 5", "SQL92", 1)
		equal(t, "first", bodies(t, p.want(protocol.PullMessage, subscribed(1, 0), nil, protocol.Success, "FOUND")), "7 9")
		p.want(protocol.PullMessage, subscribed(2, 0), nil, protocol.SubscriptionNotLatest, "not latest")
		p.subscribe("n > 8", "SQL92", 1)
		equal(t, "same version", bodies(t, p.want(protocol.PullMessage, subscribed(1, 0), nil, protocol.Success, "FOUND")), "7 9")
		p.subscribe("n > 8", "SQL92", 2)
		equal(t, "newer", bodies(t, p.want(protocol.PullMessage, subscribed(2, 0), nil, protocol.Success, "FOUND")), "9")
		p.subscribe("", "SQL92", 3)
		p.want(protocol.PullMessage, subscribed(3, 0), nil, protocol.FilterDataNotLatest, "the consumer's consumer filter data not latest")
		equal(t, "of the one before", bodies(t, p.want(protocol.PullMessage, subscribed(2, 0), nil, protocol.Success, "FOUND")), "9")
		p.subscribe("n >", "SQL92", 4)
		p.want(protocol.PullMessage, subscribed(4, 0), nil, protocol.FilterDataNotExist, "Your expression may be wrong!")
		p.subscribe("a", "TAG", 5)
		equal(t, "tags", bodies(t, p.want(protocol.PullMessage, subscribed(5, 0), nil, protocol.Success, "FOUND")), "1 7 9")
		s.restart()
		p = s.dial()
		p.subscribe("n = 7", "SQL92", 6)
		s.restart()
		equal(t, "kept", bodies(t, s.dial().want(protocol.PullMessage, subscribed(6, 0), nil, protocol.Success, "FOUND")), "7")
	})
}

func TestAHeldPullSleepsThroughWhatItsExpressionDoesNotWant(t *testing.T) {
	withFilters(t, nil, func(s *scene) {
		p := s.dial()
		p.sendNumbered("0")
		answer := p.later(protocol.PullMessage, bySQL("n > 5", 1), nil)
		time.Sleep(time.Second)
		p.sendNumbered("1", "x")
		time.Sleep(time.Second)
		p.sendNumbered("7")
		c, took := answer()
		about(t, "woken after", took, 2*time.Second)
		equal(t, "found", bodies(t, c), "7")

		answer = p.later(protocol.PullMessage, bySQL("n > 5", 4), nil)
		p.sendNumbered("1")
		c, took = answer()
		equal(t, "moved on by the recheck", places(t, c), "5 of 0-5, broker 0")
		if took > 5*time.Second {
			t.Errorf("after %v", took)
		}
	})
}

func TestANodeThatDoesNotFilterSaysSo(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.sendNumbered("1")
		p.want(protocol.PullMessage, bySQL("n >", 0), nil, protocol.SystemError, "The broker does not support consumer to filter message by SQL92")
		p.subscribe("n > 5", "SQL92", 1)
		p.want(protocol.PullMessage, subscribed(1, 0), nil, protocol.SystemError, "The broker does not support consumer to filter message by SQL92")
		p.subscribe("n >", "SQL92", 2)
		p.want(protocol.PullMessage, subscribed(2, 0), nil, protocol.FilterDataNotExist, "")
	})
}

func TestTheClientCheckReadsTheExpression(t *testing.T) {
	withFilters(t, nil, func(s *scene) {
		p := s.dial()
		for _, c := range []struct {
			kind, expression string
			code             int32
			remark           string
		}{
			{"SQL92", "a > 1 AND b IN ('x')", protocol.Success, ""},
			{"TAG", "||", protocol.Success, ""},
			{"SQL92", "a > 'x'", protocol.SubscriptionParseFailed, `SQL92 expression "a > 'x'": wrong operand at byte 4`},
			{"SQL92", "", protocol.SubscriptionParseFailed, "the end where an operand is expected"},
			{"XPATH", "a", protocol.SubscriptionParseFailed, `type "XPATH"`},
		} {
			body := protocol.CheckClientRequestBody{ClientID: "c", Group: "g",
				SubscriptionData: protocol.SubscriptionData{Topic: "T", SubString: c.expression, ExpressionType: c.kind}}
			p.want(protocol.CheckClientConfig, nil, body.Encode(), c.code, c.remark)
		}
	})
}

func TestRetriesAreFilteredWhereThatIsWanted(t *testing.T) {
	for supported, want := range map[bool]string{false: "1 7", true: "7"} {
		withFilters(t, func(c *Config) { c.FilterSupportRetry = supported }, func(s *scene) {
			p := s.dial()
			p.subscribe("n > 5", "SQL92", 1)
			for _, n := range []string{"1", "7"} {
				h := to("%RETRY%group")
				h.Properties = props("n", n, message.PropertyRetryTopic, "T")
				p.send(h, n)
			}
			other := to("%RETRY%group")
			other.Properties = props("n", "1", message.PropertyRetryTopic, "U")
			p.send(other, "of another topic")
			h := from("%RETRY%group", 0, 0)
			h.SysFlag &^= protocol.PullSubscription
			equal(t, "retried", bodies(t, p.want(protocol.PullMessage, h, nil, protocol.Success, "FOUND")), want+" of another topic")
		})
	}
}
