package storenode

import (
	"strings"
	"testing"

	"gantry/remoting/protocol"
	"gantry/storenode/group"
	"gantry/storenode/store"
)

// asSlave starts the node again as a slave with the store that it has.
func (s *scene) asSlave() *peer {
	s.t.Helper()
	s.close()
	s.config.BrokerRole, s.config.BrokerID = "SLAVE", 1
	s.log.take()
	s.open()
	return s.dial()
}

func TestASlaveTakesNoMessages(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.dial().send(to("T"), "m")
		p := s.asSlave()
		before := s.node.store.Log().End()
		for _, topic := range []string{"T", "New"} {
			answer := p.want(protocol.SendMessageV2, to(topic), []byte("m"), protocol.ServiceNotAvailable, "service not available now.")
			if region, _ := answer.Ext.Get("MSG_REGION"); string(region) != "DefaultRegion" {
				t.Errorf("the refusal's region is %q", region)
			}
		}
		p.want(protocol.ConsumerSendMsgBack, back(p.one("T", 0), 1), nil, protocol.SystemError, "SERVICE_NOT_AVAILABLE")
		equal(t, "the topic was made", s.node.topics.Get([]byte("New")) != nil, false)
		equal(t, "the log's end", s.node.store.Log().End(), before)
	})
}

func TestASlaveDeliversNoDelayedMessages(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		h := to("T")
		h.Properties = props("DELAY", "1")
		s.dial().send(h, "m")
		p := s.asSlave()
		s.allKnown()
		equal(t, "messages in T", len(p.stored("T", 0)), 0)
		equal(t, "messages that wait", len(p.stored("SCHEDULE_TOPIC_XXXX", 0)), 1)
	})
}

// A slave may not have what its master has: a consumer keeps its offset, and is
// led to where its group reads.
func TestASlaveMovesNoConsumer(t *testing.T) {
	for _, checked := range []bool{false, true} {
		withNode(t, func(c *Config) { c.OffsetCheckInSlave = checked }, func(s *scene) {
			s.dial().send(to("T"), "m")
			p := s.asSlave()
			for _, pull := range []struct {
				topic            string
				offset           int64
				code             int32
				lagging, certain string
			}{
				{"T", 0, protocol.Success, "1 of 0-1, broker 0", "1 of 0-1, broker 0"},
				{"T", 1, protocol.PullNotFound, "1 of 0-1, broker 0", "1 of 0-1, broker 0"},
				{"T", 7, protocol.PullOffsetMoved, "7 of 0-1, broker 0", "1 of 0-1, broker 0"},
				{"SCHEDULE_TOPIC_XXXX", 7, protocol.PullOffsetMoved, "7 of 0-0, broker 0", "0 of 0-0, broker 0"},
			} {
				code, places_ := pull.code, pull.certain
				if !checked {
					places_ = pull.lagging
				}
				if !checked && code == protocol.PullOffsetMoved {
					code = protocol.PullRetryImmediately
				}
				equal(t, "places", places(t, p.want(protocol.PullMessage, from(pull.topic, 0, pull.offset), nil, code, "")), places_)
			}
		})
	}
}

// The offset that rides on a pull is not committed by a slave; one that a client
// commits by itself is.
func TestASlaveKeepsCommitsButNotThoseOfPulls(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.dial().send(to("T"), "m")
		p := s.asSlave()
		h := from("T", 0, 0)
		h.SysFlag |= protocol.PullCommitOffset
		h.CommitOffset = 1
		p.want(protocol.PullMessage, h, nil, protocol.Success, "")
		query := protocol.QueryConsumerOffsetRequest{ConsumerGroup: "group", Topic: "T"}
		p.want(protocol.QueryConsumerOffset, query, nil, protocol.QueryNotFound, "")
		p.want(protocol.UpdateConsumerOffset, protocol.UpdateConsumerOffsetRequest{ConsumerGroup: "group", Topic: "T", CommitOffset: 1}, nil, protocol.Success, "")
		p.want(protocol.QueryConsumerOffset, query, nil, protocol.Success, "")
	})
}

func TestWhereAGroupIsToPullFrom(t *testing.T) {
	g := &group.Config{BrokerID: 2, WhichBrokerWhenConsumeSlowly: 3}
	for _, c := range []struct {
		enabled, behind bool
		want            int64
	}{{false, false, 0}, {false, true, 0}, {true, false, 2}, {true, true, 3}} {
		p := &pull{owner: &pulls{config: Config{SlaveReadEnable: c.enabled}}, group: g}
		equal(t, "brokerId", p.suggestion(&store.Result{SuggestSlave: c.behind}), c.want)
	}
}

func TestABrokerIDBesideAMastersRoleIsASlave(t *testing.T) {
	withNode(t, func(c *Config) { c.BrokerID = 1 }, func(s *scene) {
		if doubts := s.node.config.Doubts(); len(doubts) != 1 || !strings.Contains(doubts[0].Error(), "brokerId=1 beside brokerRole=ASYNC_MASTER starts as SLAVE") {
			t.Errorf("nobody is warned: %v", doubts)
		}
		equal(t, "role", s.node.config.Role(), Slave)
		equal(t, "registered brokerId", s.node.current().BrokerID, 1)
	})
}

func TestWhereSlavesCopyFrom(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{BrokerIP1: "10.0.0.1", ListenPort: 10911}, "10.0.0.1:10912"},
		{Config{BrokerIP1: "10.0.0.1", BrokerIP2: "10.9.0.1", ListenPort: 10911, HAListenPort: 4000}, "10.9.0.1:4000"},
		{Config{BrokerIP1: "[fd00::1]", ListenPort: 10911}, "[fd00::1]:10912"},
	} {
		equal(t, "haServerAddr", c.config.haServerAddr(), c.want)
	}
}
