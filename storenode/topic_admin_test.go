package storenode

import (
	"strings"
	"syscall"
	"testing"

	"gantry/remoting/protocol"
	"gantry/storenode/vfs"
)

func newTopic(name string, order bool) protocol.UpdateAndCreateTopicRequest {
	return protocol.UpdateAndCreateTopicRequest{Topic: name, DefaultTopic: "TBW102", ReadQueueNums: 5, WriteQueueNums: 4, Perm: 6,
		TopicFilterType: "SINGLE_TAG", Order: order}
}

func TestATopicMadeByHandIsOnTheDiskBeforeTheAnswer(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.want(protocol.UpdateAndCreateTopic, newTopic("T", true), nil, protocol.Success, "")
		group := protocol.NewSubscriptionGroupConfig("g")
		group.RetryMaxTimes = 3
		p.want(protocol.UpdateAndCreateSubscriptionGroup, nil, group.Encode(), protocol.Success, "")
		s.kill()
		s.open()
		made := s.node.topics.Get([]byte("T"))
		if made == nil {
			t.Fatal("the topic is gone")
		}
		equal(t, "read queues", made.ReadQueueNums, 5)
		equal(t, "write queues", made.WriteQueueNums, 4)
		equal(t, "order", made.Order, true)
		if g := s.node.groups.Get([]byte("g")); g == nil || g.RetryMaxTimes != 3 {
			t.Errorf("the group is %+v", g)
		}
	})
}

func TestTopicsThatCannotWorkAreRefused(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for remark, change := range map[string]func(*protocol.UpdateAndCreateTopicRequest){
			"is blank":                     func(h *protocol.UpdateAndCreateTopicRequest) { h.Topic = " " },
			"conflict with system topic":   func(h *protocol.UpdateAndCreateTopicRequest) { h.Topic = "TBW102" },
			"topicFilterType = [X] value":  func(h *protocol.UpdateAndCreateTopicRequest) { h.TopicFilterType = "X" },
			"readQueueNums -1":             func(h *protocol.UpdateAndCreateTopicRequest) { h.ReadQueueNums = -1 },
			"must lie between 0 and 65536": func(h *protocol.UpdateAndCreateTopicRequest) { h.WriteQueueNums = 65537 },
		} {
			h := newTopic("T", false)
			change(&h)
			p.want(protocol.UpdateAndCreateTopic, h, nil, protocol.SystemError, remark)
		}
		p.want(protocol.UpdateAndCreateSubscriptionGroup, nil, []byte(`{}`), protocol.SystemError, "groupName is empty")
		p.want(protocol.UpdateAndCreateSubscriptionGroup, nil, []byte(`{`), protocol.SystemError, "")
		if s.node.topics.Get([]byte("T")) != nil {
			t.Error("a refused topic was made")
		}
	})
}

func TestATableThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		failTables(s.fs, true)
		p.want(protocol.UpdateAndCreateTopic, newTopic("T", false), nil, protocol.SystemError, "topics.json")
		failTables(s.fs, false)
	})
}

func failTables(fs *vfs.Mem, on bool) {
	fs.SetHook(func(op vfs.Op) error {
		if on && op.Kind == "create" && strings.Contains(op.Path, "/config/") {
			return syscall.EIO
		}
		return nil
	})
}
