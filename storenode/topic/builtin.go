package topic

import (
	"slices"
	"strings"
)

// Names that RocketMQ gives a meaning (TopicValidator, MixAll).
const (
	DefaultTopic           = "TBW102" // what new topics are made in the image of
	ScheduleTopic          = "SCHEDULE_TOPIC_XXXX"
	BenchmarkTopic         = "BenchmarkTest"
	TraceTopic             = "RMQ_SYS_TRACE_TOPIC"
	SelfTestTopic          = "SELF_TEST_TOPIC"
	OffsetMovedTopic       = "OFFSET_MOVED_EVENT"
	TransHalfTopic         = "RMQ_SYS_TRANS_HALF_TOPIC"
	TransOpHalfTopic       = "RMQ_SYS_TRANS_OP_HALF_TOPIC"
	TransCheckMaxTimeTopic = "TRANS_CHECK_MAX_TIME_TOPIC"
	TimerTopic             = "rmq_sys_wheel_timer" // 5.x: messages with a time of their own, until it comes

	RetryPrefix  = "%RETRY%"  // the topic of a group's retries
	DLQPrefix    = "%DLQ%"    // the topic of a group's dead letters
	systemPrefix = "rmq_sys_" // every topic so named is a system topic
	replySuffix  = "_REPLY_TOPIC"
)

// scheduleQueues is fixed, whatever messageDelayLevel says (TopicConfigManager).
const scheduleQueues = 18

// Retry is the name of the group's retry topic.
func Retry(group string) string { return RetryPrefix + group }

// DLQ is the name of the group's dead-letter topic.
func DLQ(group string) string { return DLQPrefix + group }

// Reply is the name of the cluster's reply topic.
func Reply(clusterName string) string { return clusterName + replySuffix }

// builtIns returns the topics that exist before any file is read, and the names that are the system's.
func builtIns(c Config) (topics map[string]*Topic, system map[string]bool) {
	topics, system = map[string]*Topic{}, map[string]bool{}
	for _, name := range []string{
		DefaultTopic, ScheduleTopic, BenchmarkTopic, TransHalfTopic, TraceTopic, TransOpHalfTopic,
		TransCheckMaxTimeTopic, SelfTestTopic, OffsetMovedTopic,
	} {
		system[name] = true
	}
	for _, b := range []struct {
		topic Topic
		when  bool
	}{ // in Java's order: where a cluster or a broker is called like another topic, the later row counts
		{withQueues(SelfTestTopic, 1, PermReadWrite), true},
		{withQueues(DefaultTopic, c.DefaultTopicQueueNums, PermReadWrite|PermInherit), c.AutoCreateTopicEnable},
		{withQueues(BenchmarkTopic, 1024, PermReadWrite), true},
		{withQueues(c.ClusterName, 16, inheritable(c.ClusterTopicEnable)), true},
		{withQueues(c.BrokerName, 1, inheritable(c.BrokerTopicEnable)), true},
		{withQueues(OffsetMovedTopic, 1, PermReadWrite), true},
		{withQueues(ScheduleTopic, scheduleQueues, PermReadWrite), true},
		{withQueues(c.MsgTraceTopicName, 1, PermReadWrite), c.TraceTopicEnable},
		{withQueues(Reply(c.ClusterName), 1, PermReadWrite), true},
	} {
		if b.when {
			topics[b.topic.Name] = &b.topic
			system[b.topic.Name] = true
		}
	}
	return topics, system
}

func inheritable(enabled bool) Perm {
	if enabled {
		return PermInherit | PermReadWrite
	}
	return PermInherit
}

// IsSystem says whether the name is RocketMQ's or this node's own, so that it may be neither created nor deleted
// (TopicValidator.isSystemTopic).
func (t *Table) IsSystem(name string) bool {
	return t.system[name] || strings.HasPrefix(name, systemPrefix)
}

// SystemTopics lists the names of IsSystem in order, for code 305.
func (t *Table) SystemTopics() []string {
	names := make([]string, 0, len(t.system))
	for name := range t.system {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
