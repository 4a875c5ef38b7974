package topic

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNotCreated is wrapped by CreateInSend: the topic does not exist and may not be made. Clients get
// TOPIC_NOT_EXIST.
var ErrNotCreated = errors.New("topic does not exist and is not created")

// Wanted is what a send says about the topic it goes to.
type Wanted struct {
	Topic        string
	DefaultTopic string // the topic in whose image Topic may be made, TBW102 from stock clients
	QueueNums    int32  // the client's defaultTopicQueueNums
	SysFlag      int32  // topicSysFlag: 1 where the client is in unit mode
}

// CreateInSend returns the topic a send goes to, and makes it where it is missing and its default topic may be
// inherited: as many queues as the client wants and the default topic has, its permissions without INHERIT
// (TopicConfigManager.createTopicInSendMessageMethod). A retry topic is made regardless, with one queue. Error:
// ErrNotCreated, configfile.ErrTableFull.
func (t *Table) CreateInSend(w Wanted) (*Topic, error) {
	if found := t.Get([]byte(w.Topic)); found != nil {
		return found, nil
	}
	topic, err := t.inherit(w)
	if err != nil && strings.HasPrefix(w.Topic, RetryPrefix) {
		return t.CreateInSendBack(w.Topic, 1, PermReadWrite, w.SysFlag)
	}
	if err != nil {
		return nil, err
	}
	return t.rows.PutIfAbsent(w.Topic, &topic)
}

func (t *Table) inherit(w Wanted) (Topic, error) {
	image := t.Get([]byte(w.DefaultTopic))
	switch {
	case image == nil:
		return Topic{}, fmt.Errorf("%w: %q, default topic %q is missing", ErrNotCreated, w.Topic, w.DefaultTopic)
	// A file written while autoCreateTopicEnable was true still has TBW102 with INHERIT.
	case w.DefaultTopic == DefaultTopic && !t.autoCreate.Load():
		return Topic{}, fmt.Errorf("%w: %q, autoCreateTopicEnable is false", ErrNotCreated, w.Topic)
	case image.Perm&PermInherit == 0:
		return Topic{}, fmt.Errorf("%w: %q, default topic %q has perm %d without INHERIT", ErrNotCreated, w.Topic, w.DefaultTopic, image.Perm)
	}
	topic := withQueues(w.Topic, max(0, min(w.QueueNums, image.WriteQueueNums)), image.Perm&^PermInherit)
	topic.SysFlag, topic.FilterType = w.SysFlag, image.FilterType
	return topic, nil
}

// CreateInSendBack returns the topic, and makes it as told where it is missing: retry and dead-letter topics, and
// the transactions' own (TopicConfigManager.createTopicInSendMessageBackMethod). Error: configfile.ErrTableFull.
func (t *Table) CreateInSendBack(name string, queueNums int32, perm Perm, sysFlag int32) (*Topic, error) {
	if found := t.Get([]byte(name)); found != nil {
		return found, nil
	}
	topic := withQueues(name, queueNums, perm)
	topic.SysFlag = sysFlag
	return t.rows.PutIfAbsent(name, &topic)
}
