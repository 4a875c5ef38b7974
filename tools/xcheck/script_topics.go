package xcheck

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// topicSteps make topics and groups as mqadmin does.
func topicSteps() []Step {
	good := fields("topic", "${run}_created", "defaultTopic", "TBW102", "readQueueNums", "3", "writeQueueNums", "2", "perm", "6",
		"topicFilterType", "SINGLE_TAG", "topicSysFlag", "0", "order", "false")
	ask := func(name string, f Fields) Step {
		return Step{Name: "topic/" + name, Code: updateAndCreateTopic, Fields: f}
	}
	group := func(name, body string) Step {
		return Step{Name: "group/" + name, Code: updateAndCreateGroup, Body: body}
	}
	routed := Step{Name: "topic/route", To: NameServer, Code: getRouteInfoByTopic, Fields: fields("topic", "${run}_created"),
		Until: Leaf{"code", "0"}}
	changed := routed
	changed.Name, changed.Until = "topic/route-changed", Leaf{"body.queueDatas.0.readQueueNums", "5"}
	return []Step{
		ask("good", good),
		routed,
		ask("change", good.With("readQueueNums", "5", "perm", "4")),
		changed,
		ask("change-back", good),
		ask("no-sysflag", good.Without("topicSysFlag").With("topic", "${run}_created2")),
		ask("multi-tag", good.With("topic", "${run}_created3", "topicFilterType", "MULTI_TAG", "order", "true")),
		ask("write-only", good.With("topic", "${run}_writeonly", "perm", "2")),
		ask("read-only", good.With("topic", "${run}_readonly", "perm", "4")),
		ask("bad-name", good.With("topic", "${run} with blank")),
		ask("blank-name", good.With("topic", "")),
		ask("long-name", good.With("topic", "${run}_"+strings.Repeat("n", 120))),
		ask("system-topic", good.With("topic", "SELF_TEST_TOPIC")),
		ask("system-prefix", good.With("topic", "rmq_sys_${run}")),
		ask("tbw102", good.With("topic", "TBW102")),
		ask("no-name", good.Without("topic")),
		ask("no-queues", good.Without("readQueueNums")),
		ask("bad-queues", good.With("readQueueNums", "many")),
		ask("bad-filter-type", good.With("topic", "${run}_created4", "topicFilterType", "NO_TAG")),
		ask("no-fields", nil),
		group("good", `{"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,`+
			`"groupName":"${run}_back","retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1}`),
		group("not-enabled", `{"consumeEnable":false,"groupName":"${run}_disabled"}`),
		group("no-broadcast", `{"consumeBroadcastEnable":false,"groupName":"${run}_nobroadcast"}`),
		group("no-retry-queues", `{"retryQueueNums":0,"groupName":"${run}_noretry"}`),
		group("raw-keys", `{groupName:'${run}_raw',retryMaxTimes:1,}`),
		group("garbage", `this is no json`),
		group("empty-body", ``),
		{Name: "broker/unknown-code", Code: nobodysCode, Fields: fields("topic", "${run}_created")},
		{Name: "broker/unknown-code-rocketmq-header", Code: nobodysCode, Kind: 1},
		{Name: "broker/name-servers-code", Code: getRouteInfoByTopic, Fields: fields("topic", "TBW102")},
		{Name: "broker/unknown-code-oneway", Code: nobodysCode, Oneway: true},
	}
}

// topicNameSteps send to topics that cannot be or may not be sent to.
func topicNameSteps() []Step {
	send := func(name, topic string) Step {
		return Step{Name: "topic-name/" + name, Code: sendMessageV2, Fields: v2(topic), Body: "x"}
	}
	noDefault := send("no-such-default-topic", "${run}_never")
	noDefault.Fields = noDefault.Fields.With("c", "${run}_nowhere")
	barren := send("default-topic-not-inherited", "${run}_never")
	barren.Fields = barren.Fields.With("c", "${run}_send")
	none := send("default-with-no-queues", "${run}_noqueues")
	none.Fields = none.Fields.With("d", "0")
	negative := send("default-with-negative-queues", "${run}_negative")
	negative.Fields = negative.Fields.With("d", "-3")
	many := send("default-with-many-queues", "${run}_many")
	many.Fields = many.Fields.With("d", "100", "e", "7")
	tooMany := send("default-queues-are-bounded", "${run}_many")
	tooMany.Fields = tooMany.Fields.With("d", "100", "e", "8")
	unit := send("unit-mode", "${run}_unit")
	unit.Fields = unit.Fields.With("k", "true")
	return []Step{
		noDefault, barren, none, negative, many, tooMany, unit,
		send("blank", " "),
		send("empty", ""),
		send("illegal-characters", "${run}_a.b"),
		send("not-ascii", "${run}_größe"),
		send("of-127", "${run}_"+strings.Repeat("n", 116)),
		send("of-128", "${run}_"+strings.Repeat("n", 117)),
		send("schedule", "SCHEDULE_TOPIC_XXXX"),
		send("half", "RMQ_SYS_TRANS_HALF_TOPIC"),
		send("op-half", "RMQ_SYS_TRANS_OP_HALF_TOPIC"),
		send("check-max-time", "TRANS_CHECK_MAX_TIME_TOPIC"),
		send("self-test", "SELF_TEST_TOPIC"),
		send("offset-moved-event", "OFFSET_MOVED_EVENT"),
		send("read-only", "${run}_readonly"),
		send("write-only", "${run}_writeonly"),
	}
}
