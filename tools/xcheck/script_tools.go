package xcheck

import (
	"strconv"
	"time"
)

// toolSteps ask what mqadmin and dashboards ask about topics and groups, and move groups.
func toolSteps() []Step {
	const topic = "${run}_send"
	group := fields("consumerGroup", "${run}_tools")
	step := func(name string, code int32, f Fields) Step {
		return Step{Name: "tools/" + name, Code: code, Fields: f}
	}
	steps := []Step{
		step("topic-stats", getTopicStatsInfo, fields("topic", topic)),
		step("topic-stats-unknown-topic", getTopicStatsInfo, fields("topic", "${run}_nowhere")),
		step("reset-no-offsets", invokeBrokerToResetOffset, resetting(topic, "${run}_tools", "-1")),
	}
	for queue := range 4 {
		steps = append(steps, step("commit-"+strconv.Itoa(queue), updateConsumerOffset,
			group.With("topic", topic, "queueId", strconv.Itoa(queue), "commitOffset", strconv.Itoa(1+99998*(queue%2)))))
	}
	steps = append(steps,
		step("consume-stats", getConsumeStats, group.With("topic", topic)),
		step("consume-stats-all-topics", getConsumeStats, group),
		step("consume-stats-unknown-group", getConsumeStats, fields("consumerGroup", "${run}_nobody")),
		step("consume-stats-unknown-topic", getConsumeStats, group.With("topic", "${run}_nowhere")),
		step("time-span-unknown-topic", queryConsumeTimeSpan, fields("topic", "${run}_nowhere", "group", "${run}_tools")),
		step("consumed-by", queryTopicConsumeByWho, fields("topic", topic)),
		step("consumed-by-nobody", queryTopicConsumeByWho, fields("topic", "${run}_nowhere")),
		step("clone", cloneGroupOffset, fields("srcGroup", "${run}_tools", "destGroup", "${run}_clone", "topic", topic, "offline", "true")),
		step("cloned", queryConsumerOffset, fields("consumerGroup", "${run}_clone", "topic", topic, "queueId", "1")),
		step("clone-of-nobody", cloneGroupOffset, fields("srcGroup", "${run}_nobody", "destGroup", "${run}_tools", "topic", topic, "offline", "true")),
		step("not-cloned", queryConsumerOffset, group.With("topic", topic, "queueId", "1")),
		step("correction", queryCorrectionOffset, fields("topic", topic, "compareGroup", "${run}_clone")),
		step("consumers-offline", getConsumerConnectionList, group),
		step("producers-offline", getProducerConnectionList, fields("producerGroup", "${run}_nobody")),
		step("running-info-offline", getConsumerRunningInfo, group.With("clientId", "${run}_client", "jstackEnable", "false")),
		step("directly-offline", consumeMessageDirectly, group.With("clientId", "${run}_client", "msgId", "${id1}")),
		step("reset-unknown-topic", invokeBrokerToResetOffset, resetting("${run}_nowhere", "${run}_tools", "-1")),
		step("reset-offline", invokeBrokerToResetOffset, resetting(topic, "${run}_tools", "-1")),
		step("no-fields", getConsumeStats, nil),
	)
	return append(steps, onlineToolSteps(topic)...)
}

func resetting(topic, group, timestamp string) Fields {
	return fields("topic", topic, "group", group, "timestamp", timestamp, "isForce", "true")
}

// onlineToolSteps do with a member that is online.
func onlineToolSteps(topic string) []Step {
	const member = `{"clientID":"${run}_member","producerDataSet":[{"groupName":"${run}_makers"}],"consumerDataSet":[{"groupName":"${run}_tools",` +
		`"consumeType":"CONSUME_PASSIVELY","messageModel":"CLUSTERING","consumeFromWhere":"CONSUME_FROM_FIRST_OFFSET","subscriptionDataSet":[` +
		`{"classFilterMode":false,"codeSet":[],"expressionType":"TAG","subString":"*","subVersion":1,"tagsSet":[],"topic":"${run}_send"}],"unitMode":false}]}`
	notForced := resetting(topic, "${run}_tools", "1").With("isForce", "false")
	return []Step{
		{Name: "tools/member", As: "member", Code: heartBeat, Body: member},
		{Name: "tools/consumers", Code: getConsumerConnectionList, Fields: fields("consumerGroup", "${run}_tools")},
		{Name: "tools/producers", Code: getProducerConnectionList, Fields: fields("producerGroup", "${run}_makers")},
		{Name: "tools/running-info-unknown-client", Code: getConsumerRunningInfo, Fields: fields("consumerGroup", "${run}_tools", "clientId", "${run}_other")},
		{Name: "tools/consumed-by-member", Code: queryTopicConsumeByWho, Fields: fields("topic", topic)},
		{Name: "tools/consume-stats-online", Code: getConsumeStats, Fields: fields("consumerGroup", "${run}_tools")},
		{Name: "tools/reset-to-end", Code: invokeBrokerToResetOffset, Fields: resetting(topic, "${run}_tools", "-1")},
		{Name: "tools/member-told", As: "member", Notes: resetConsumerClientOffset},
		{Name: "tools/reset-to-start", Code: invokeBrokerToResetOffset, Fields: notForced},
		{Name: "tools/member-told-again", As: "member", Notes: resetConsumerClientOffset},
		{Name: "tools/status-of-another", Code: invokeBrokerToGetConsumerStatus, Fields: fields("topic", topic, "group", "${run}_tools", "clientAddr", "${run}_other")},
	}
}

// replySteps send replies that nobody waits for; they are stored.
func replySteps() []Step {
	asked := properties("CORRELATION_ID", "77", "REPLY_TO_CLIENT", "${run}_nobody", "MSG_TYPE", "reply")
	online := properties("CORRELATION_ID", "78", "REPLY_TO_CLIENT", "${run}_asker", "MSG_TYPE", "reply")
	return []Step{
		{Name: "reply/nobody-asked", Code: sendReplyMessageV2, Fields: v2("${run}_reply").With("i", asked), Body: "yes"},
		{Name: "reply/long-header", Code: sendReplyMessage, Fields: v1("${run}_reply").With("properties", asked), Body: "no"},
		{Name: "reply/to-whom", Code: sendReplyMessageV2, Fields: v2("${run}_reply"), Body: "perhaps"},
		{Name: "reply/compressed", Code: sendReplyMessageV2, Fields: v2("${run}_reply").With("i", asked, "f", "1"), Body: "packed"},
		{Name: "reply/forbidden-topic", Code: sendReplyMessageV2, Fields: v2("SCHEDULE_TOPIC_XXXX").With("i", asked), Body: "yes"},
		{Name: "reply/unknown-queue", Code: sendReplyMessageV2, Fields: v2("${run}_reply").With("i", asked, "e", "77"), Body: "yes"},
		dispatched("reply/stored", "${run}_reply", "0", 4),
		{Name: "reply/read", Code: pullMessage, Fields: pull("${run}_reply", "0")},
		{Name: "reply/asker", As: "asker", Code: heartBeat, Body: `{"clientID":"${run}_asker","consumerDataSet":[],"producerDataSet":[{"groupName":"${run}_askers"}]}`},
		{Name: "reply/to-asker", Code: sendReplyMessageV2, Fields: v2("${run}_reply").With("i", online), Body: "yes", Start: true, Wait: askerBound},
		{Name: "reply/asker-told", As: "asker", Notes: pushReplyMessageToClient},
	}
}

// askerBound is above the 10 s for which 4.9.7 waits for an asker's answer. The asker of the script gives none, see lastSteps.
const askerBound = 15 * time.Second
