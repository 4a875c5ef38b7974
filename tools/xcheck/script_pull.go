package xcheck

import (
	"time"

	"gantry/remoting"
)

// heartbeat is the body of code 34 of a client with one consumer group.
func heartbeat(client, group, model, subscriptions string) string {
	return `{"clientID":"` + client + `","consumerDataSet":[{"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_PASSIVELY",` +
		`"groupName":"` + group + `","messageModel":"` + model + `","subscriptionDataSet":[` + subscriptions + `],"unitMode":false}],` +
		`"producerDataSet":[{"groupName":"CLIENT_INNER_PRODUCER"}]}`
}

// subscription is one entry of subscriptionDataSet as Java clients write it.
func subscription(topic, expression, tags, codes, version string) string {
	return `{"classFilterMode":false,"codeSet":[` + codes + `],"expressionType":"TAG","subString":"` + expression + `","subVersion":` +
		version + `,"tagsSet":[` + tags + `],"topic":"` + topic + `"}`
}

// listBound is above what Gantry holds a consumer list back for.
const listBound = 3500 * time.Millisecond

// heartbeatSteps make members of ${run}_group and see them come and go.
func heartbeatSteps() []Step {
	all := subscription("${run}_send", "*", "", "", "100")
	beat := func(name, as, body string) Step {
		return Step{Name: "heartbeat/" + name, As: as, Code: heartBeat, Body: body}
	}
	list := func(name, group string) Step {
		return Step{Name: "heartbeat/members-" + name, As: "one", Code: getConsumerListByGroup, Fields: fields("consumerGroup", group), Wait: listBound}
	}
	leave := func(name, as string, f Fields) Step {
		return Step{Name: "heartbeat/leave-" + name, As: as, Code: unregisterClient, Fields: f}
	}
	join := heartbeat("${run}_client1", "${run}_group", "CLUSTERING", all)
	binary := beat("rocketmq-header", "one", join)
	binary.Kind = remoting.ROCKETMQ
	return []Step{
		list("before", "${run}_group"),
		beat("first", "one", join),
		beat("again", "one", join),
		binary,
		list("one", "${run}_group"),
		beat("second", "two", heartbeat("${run}_client2", "${run}_group", "CLUSTERING", all)),
		{Name: "heartbeat/first-is-told", As: "one", Notes: notifyConsumerIDsChanged},
		list("two", "${run}_group"),
		{Name: "heartbeat/retry-topic-is-routed", To: NameServer, Code: getRouteInfoByTopic, Fields: fields("topic", "%RETRY%${run}_group"), Until: Leaf{"code", "0"}},
		leave("unknown-group", "two", fields("clientID", "${run}_client2", "consumerGroup", "${run}_nobody", "producerGroup", "${run}_nobody")),
		leave("no-id", "nobody", fields("consumerGroup", "${run}_group")),
		leave("no-group", "two", fields("clientID", "${run}_client2")),
		list("still-two", "${run}_group"),
		leave("second", "two", fields("clientID", "${run}_client2", "consumerGroup", "${run}_group")),
		list("after", "${run}_group"),
		leave("second-again", "two", fields("clientID", "${run}_client2", "consumerGroup", "${run}_group")),
		list("unknown", "${run}_nobody"),
		{Name: "heartbeat/members-unknown-to-java", Wait: listBound, Frame: frameGood(
			`{"code":38,"extFields":{"consumerGroup":"nobodysGroup"},"flag":0,"language":"JAVA","opaque":5,"version":407}`)},
		{Name: "heartbeat/members-no-group", Code: getConsumerListByGroup},
		beat("go-style", "go", `{"clientID":"${run}_go","producerDataSet":[],"consumerDataSet":[{"groupName":"${run}_gogroup","consumeType":"CONSUME_PASSIVELY",`+
			`"messageModel":"CLUSTERING","consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","subscriptionDataSet":[{"classFilterMode":false,"topic":"${run}_send",`+
			`"subString":"TagA","tagsSet":["TagA"],"codeSet":["2598919"],"subVersion":1700000000000000000,"expressionType":"TAG"}],"unitMode":false}]}`),
		list("of-go", "${run}_gogroup"),
		beat("producer-only", "producer", `{"clientID":"${run}_producing","consumerDataSet":[],"producerDataSet":[{"groupName":"${run}_producer"}]}`),
		beat("no-consumer-set", "producer", `{"clientID":"${run}_producing","producerDataSet":[{"groupName":"${run}_producer"}]}`),
		beat("no-client-id", "nameless", heartbeat("", "${run}_nameless", "CLUSTERING", all)),
		beat("garbage", "producer", "this is no json"),
		beat("empty-object", "producer", "{}"),
		beat("no-body", "producer", ""),
		beat("unknown-model", "producer", heartbeat("${run}_odd", "${run}_oddgroup", "SOMEHOW", all)),
		beat("broadcast", "broadcast", heartbeat("${run}_caster", "${run}_nobroadcast", "BROADCASTING", all)),
	}
}

// pullSteps read ${run}_send under a subscription in the request.
func pullSteps() []Step {
	ask := func(name string, f Fields) Step { return Step{Name: "pull/" + name, Code: pullMessage, Fields: f} }
	binary := ask("rocketmq-header", pull("${run}_send", "0"))
	binary.Kind = remoting.ROCKETMQ
	atEndBinary := ask("at-max-rocketmq-header", pull("${run}_send", "8"))
	atEndBinary.Kind = remoting.ROCKETMQ
	return []Step{
		dispatched("pull/all-there", "${run}_send", "0", 8),
		ask("all", pull("${run}_send", "0")),
		binary,
		ask("from-the-middle", pull("${run}_send", "3")),
		ask("one", pull("${run}_send", "2").With("maxMsgNums", "1")),
		ask("none-wanted", pull("${run}_send", "2").With("maxMsgNums", "0")),
		ask("negative-number-wanted", pull("${run}_send", "2").With("maxMsgNums", "-1")),
		ask("very-many-wanted", pull("${run}_send", "2").With("maxMsgNums", "1000000")),
		ask("last", pull("${run}_send", "7")),
		ask("at-max", pull("${run}_send", "8")),
		atEndBinary,
		ask("above-max", pull("${run}_send", "9")),
		ask("far-above-max", pull("${run}_send", "9223372036854775807")),
		ask("negative-offset", pull("${run}_send", "-1")),
		ask("empty-queue", pull("${run}_send", "0").With("queueId", "2")),
		ask("empty-queue-above", pull("${run}_send", "5").With("queueId", "2")),
		ask("large", pull("${run}_large", "0")),
		ask("tag", pull("${run}_send", "0").With("subscription", "TagA")),
		ask("two-tags", pull("${run}_send", "0").With("subscription", "TagA || TagB")),
		ask("tag-of-none", pull("${run}_send", "0").With("subscription", "TagNobody")),
		ask("no-expression-type", pull("${run}_send", "0").Without("expressionType")),
		ask("no-subscription", pull("${run}_send", "0").Without("subscription")),
		ask("empty-subscription", pull("${run}_send", "0").With("subscription", "")),
		ask("only-bars", pull("${run}_send", "0").With("subscription", "||")),
		ask("unknown-expression-type", pull("${run}_send", "0").With("expressionType", "RUBY")),
		ask("with-broker-name", pull("${run}_send", "7").With("bname", "${brokerName}", "lo", "true")),
	}
}

// pullRefusalSteps are pulls that are refused before a queue is looked at.
func pullRefusalSteps() []Step {
	ask := func(name string, f Fields) Step {
		return Step{Name: "pull-refused/" + name, Code: pullMessage, Fields: f}
	}
	steps := []Step{
		ask("group-disabled", pull("${run}_send", "0").With("consumerGroup", "${run}_disabled")),
		ask("unknown-topic", pull("${run}_nowhere", "0")),
		ask("write-only-topic", pull("${run}_writeonly", "0")),
		ask("queue-too-high", pull("${run}_send", "0").With("queueId", "4")),
		ask("queue-negative", pull("${run}_send", "0").With("queueId", "-1")),
		ask("write-queues-are-no-read-queues", pull("${run}_created", "0").With("queueId", "3")),
		ask("no-fields", nil),
		ask("bad-offset", pull("${run}_send", "zero")),
	}
	for _, key := range []string{"consumerGroup", "topic", "queueId", "queueOffset", "maxMsgNums", "sysFlag", "commitOffset", "suspendTimeoutMillis", "subVersion"} {
		steps = append(steps, ask("no-"+key, pull("${run}_send", "0").Without(key)))
	}
	binary := ask("no-topic-rocketmq-header", pull("${run}_send", "0").Without("topic"))
	binary.Kind = remoting.ROCKETMQ
	return append(steps, binary)
}

// pullSubscriptionSteps are pulls whose subscription comes from a heartbeat.
func pullSubscriptionSteps() []Step {
	member := pull("${run}_send", "0").With("consumerGroup", "${run}_group", "sysFlag", "0", "subVersion", "100").Without("subscription")
	ask := func(name string, f Fields) Step {
		return Step{Name: "pull-subscribed/" + name, As: "one", Code: pullMessage, Fields: f}
	}
	beat := func(name, subscriptions string) Step {
		return Step{Name: "pull-subscribed/" + name, As: "one", Code: heartBeat, Body: heartbeat("${run}_client1", "${run}_group", "CLUSTERING", subscriptions)}
	}
	tagA := subscription("${run}_send", "TagA", `"TagA"`, "2598919", "200")
	return []Step{
		ask("all", member),
		ask("version-older", member.With("subVersion", "99")),
		ask("version-newer", member.With("subVersion", "101")),
		ask("topic-not-subscribed", member.With("topic", "${run}_batch")),
		ask("group-unknown", member.With("consumerGroup", "${run}_nobody")),
		ask("retry-topic-not-subscribed", member.With("topic", "%RETRY%${run}_group")),
		ask("broadcast-forbidden", member.With("consumerGroup", "${run}_nobroadcast")),
		beat("subscribe-a-tag", tagA),
		ask("tag", member.With("subVersion", "200")),
		ask("tag-skips-to-the-end", member.With("subVersion", "200", "queueOffset", "1", "maxMsgNums", "1")),
		beat("older-version-changes-nothing", subscription("${run}_send", "TagB", `"TagB"`, "2598920", "150")),
		ask("still-the-tag", member.With("subVersion", "200")),
		beat("wrong-codes", subscription("${run}_send", "TagA", `"TagA"`, "1,2,3", "300")),
		ask("with-wrong-codes", member.With("subVersion", "300")),
		beat("other-topic", subscription("${run}_batch", "*", "", "", "100")),
		ask("no-longer-subscribed", member),
		ask("newly-subscribed", member.With("topic", "${run}_batch")),
		ask("go-codes", member.With("consumerGroup", "${run}_gogroup")),
	}
}

// heldPullSteps wait for messages.
func heldPullSteps() []Step {
	held := pull("${run}_held", "1").With("sysFlag", "6", "suspendTimeoutMillis", "7000")
	send := Step{Name: "held/send", Code: sendMessageV2, Fields: v2("${run}_held").With("i", properties("TAGS", "TagA")), Body: "wake up"}
	first := send
	first.Name = "held/first"
	other := send
	other.Name, other.Body = "held/send-again", "once more"
	return []Step{
		first,
		dispatched("held/first-there", "${run}_held", "0", 1),
		{Name: "held/nothing-comes", Code: pullMessage, As: "holder", Fields: pull("${run}_held", "0").With("queueId", "1", "sysFlag", "6", "suspendTimeoutMillis", "300")},
		{Name: "held/no-suspend-flag", Code: pullMessage, As: "holder", Wait: 2 * time.Second, Fields: held.With("sysFlag", "4")},
		{Name: "held/pull", Code: pullMessage, As: "holder", Fields: held, Start: true},
		send,
		{Name: "held/woken", Await: "held/pull"},
		dispatched("held/both-there", "${run}_held", "0", 2),
		{Name: "held/pull-committing", Code: pullMessage, As: "holder", Start: true,
			Fields: held.With("queueOffset", "2", "sysFlag", "7", "commitOffset", "2", "consumerGroup", "${run}_committer")},
		{Name: "held/committed-while-held", Code: queryConsumerOffset, Fields: queue("${run}_held").With("consumerGroup", "${run}_committer"), Until: Leaf{"ext.offset", "2"}},
		other,
		{Name: "held/woken-again", Await: "held/pull-committing"},
	}
}

// storedSteps read back what the send steps stored, field by field.
func storedSteps() []Step {
	read := func(name, topic, queueID string) Step {
		return Step{Name: "stored/" + name, Code: pullMessage, Fields: pull(topic, "0").With("queueId", queueID), Until: Leaf{"code", "0"}}
	}
	return []Step{
		dispatched("stored/properties-there", "${run}_properties", "0", 17),
		read("properties", "${run}_properties", "0"),
		dispatched("stored/batch-there", "${run}_batch", "0", 13),
		read("batch", "${run}_batch", "0"),
		read("oneway", "${run}_send", "1"),
		read("random-queue", "${run}_one", "0"),
		read("created", "${run}_created", "2"),
		read("fields", "${run}_fields", "1"),
		read("fields-queue-0", "${run}_fields", "0"),
		{Name: "stored/write-only-unread", Code: pullMessage, Fields: pull("${run}_writeonly", "0")},
	}
}
