package xcheck

import "gantry/remoting"

// offsetSteps commit and ask consumer offsets.
func offsetSteps() []Step {
	of := queue("${run}_send").With("consumerGroup", "${run}_offsets")
	ask := func(name string, f Fields) Step {
		return Step{Name: "offset/" + name, Code: queryConsumerOffset, Fields: f}
	}
	set := func(name, offset string, f Fields) Step {
		return Step{Name: "offset/" + name, Code: updateConsumerOffset, Fields: f.With("commitOffset", offset)}
	}
	binary := ask("ask-rocketmq-header", of)
	binary.Kind = remoting.ROCKETMQ
	oneway := set("commit-oneway", "4", of)
	oneway.Oneway = true
	afterOneway := ask("after-oneway", of)
	afterOneway.Until = Leaf{"ext.offset", "4"}
	return []Step{
		ask("never-committed", of),
		ask("unknown-topic", of.With("topic", "${run}_nowhere")),
		ask("unknown-queue", of.With("queueId", "77")),
		ask("negative-queue", of.With("queueId", "-1")),
		ask("no-group", of.Without("consumerGroup")),
		ask("no-topic", of.Without("topic")),
		ask("no-queue", of.Without("queueId")),
		ask("no-fields", nil),
		ask("set-zero-false", of.With("setZeroIfNotFound", "false")),
		set("commit", "5", of),
		ask("committed", of),
		binary,
		set("rewind", "2", of),
		ask("rewound", of),
		set("beyond-max", "99999", of),
		ask("beyond-max-kept", of),
		set("negative", "-3", of),
		ask("negative-is-none", of),
		oneway, afterOneway,
		set("unknown-topic-commit", "6", of.With("topic", "${run}_nowhere")),
		ask("unknown-topic-committed", of.With("topic", "${run}_nowhere")),
		set("unknown-queue-commit", "6", of.With("queueId", "77")),
		ask("unknown-queue-committed", of.With("queueId", "77")),
		set("bad-number", "6x", of),
		{Name: "offset/commit-no-offset", Code: updateConsumerOffset, Fields: of},
		{Name: "offset/commit-no-fields", Code: updateConsumerOffset},
	}
}

// queueOffsetSteps ask for the ends of queues and for offsets by time.
func queueOffsetSteps() []Step {
	var steps []Step
	for _, q := range []struct {
		name   string
		fields Fields
	}{
		{"some", queue("${run}_send")},
		{"empty", queue("${run}_send").With("queueId", "3")},
		{"unknown-queue", queue("${run}_send").With("queueId", "77")},
		{"negative-queue", queue("${run}_send").With("queueId", "-1")},
		{"unknown-topic", queue("${run}_nowhere")},
		{"empty-topic", queue("")},
		{"no-queue", fields("topic", "${run}_send")},
		{"no-topic", fields("queueId", "0")},
	} {
		steps = append(steps,
			Step{Name: "queue/max-" + q.name, Code: getMaxOffset, Fields: q.fields},
			Step{Name: "queue/min-" + q.name, Code: getMinOffset, Fields: q.fields},
			Step{Name: "queue/earliest-" + q.name, Code: getEarliestMsgStoretime, Fields: q.fields},
			Step{Name: "queue/by-time-before-" + q.name, Code: searchOffsetByTimestamp, Fields: q.fields.With("timestamp", "1")},
			Step{Name: "queue/by-time-after-" + q.name, Code: searchOffsetByTimestamp, Fields: q.fields.With("timestamp", "9999999999999")},
		)
	}
	some := queue("${run}_send")
	return append(steps,
		Step{Name: "queue/store-time", Code: pullMessage, Fields: pull("${run}_send", "3").With("maxMsgNums", "1"), Keep: map[string]string{"stored": "body.records.0.storeTimestamp"}},
		Step{Name: "queue/by-its-time", Code: searchOffsetByTimestamp, Fields: some.With("queueId", "1", "timestamp", "${stored}")},
		Step{Name: "queue/by-start", Code: searchOffsetByTimestamp, Fields: some.With("timestamp", "${now}")},
		Step{Name: "queue/by-negative-time", Code: searchOffsetByTimestamp, Fields: some.With("timestamp", "-1")},
		Step{Name: "queue/by-no-time", Code: searchOffsetByTimestamp, Fields: some},
		Step{Name: "queue/by-time-rocketmq-header", Code: searchOffsetByTimestamp, Kind: remoting.ROCKETMQ, Fields: some.With("timestamp", "1", "bname", "${brokerName}")},
		Step{Name: "queue/by-time-upper", Code: searchOffsetByTimestamp, Fields: some.With("timestamp", "9999999999999", "boundaryType", "UPPER")},
		Step{Name: "queue/max-no-fields", Code: getMaxOffset},
	)
}

// lockSteps lock queues for ordered consumption.
func lockSteps() []Step {
	const one = `{"brokerName":"${brokerName}","queueId":0,"topic":"${run}_send"}`
	const both = one + `,{"brokerName":"${brokerName}","queueId":1,"topic":"${run}_send"}`
	body := func(client, queues string) string {
		return `{"clientId":"` + client + `","consumerGroup":"${run}_locks","mqSet":[` + queues + `]}`
	}
	lock := func(name, body string) Step { return Step{Name: "lock/" + name, Code: lockBatchMQ, Body: body} }
	unlock := func(name, body string) Step { return Step{Name: "unlock/" + name, Code: unlockBatchMQ, Body: body} }
	return []Step{
		lock("first", body("${run}_a", one)),
		lock("again", body("${run}_a", one)),
		lock("other-gets-the-rest", body("${run}_b", both)),
		lock("of-unknown-topic", body("${run}_a", `{"brokerName":"${brokerName}","queueId":9,"topic":"${run}_nowhere"}`)),
		lock("no-queues", body("${run}_a", "")),
		lock("other-broker-name", body("${run}_a", `{"brokerName":"${run}_other","queueId":0,"topic":"${run}_send"}`)),
		unlock("by-other", body("${run}_b", one)),
		lock("still-held", body("${run}_b", one)),
		unlock("by-owner", body("${run}_a", one)),
		lock("free-again", body("${run}_b", one)),
		unlock("unknown-group", `{"clientId":"x","consumerGroup":"${run}_nobody","mqSet":[`+one+`]}`),
		lock("garbage", "this is no json"),
		lock("empty-object", "{}"),
		lock("no-body", ""),
		unlock("empty-object", "{}"),
		unlock("no-body", ""),
	}
}
