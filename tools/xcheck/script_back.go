package xcheck

import "gantry/remoting"

// retrySteps hand messages back (36) and send to retry topics, until the dead-letter queue. The retry topic holds the
// three messages of batchSteps already.
func retrySteps() []Step {
	back := fields("offset", "${id1@offset}", "group", "${run}_back", "delayLevel", "1", "originMsgId", "${id1}", "originTopic", "${run}_send",
		"unitMode", "false", "maxReconsumeTimes", "16")
	send := func(name string, f Fields) Step {
		return Step{Name: "back/" + name, Code: consumerSendMsgBack, Fields: f}
	}
	read := func(name, topic string) Step {
		return Step{Name: "back/read-" + name, Code: pullMessage, Fields: pull(topic, "0").With("consumerGroup", "${run}_back")}
	}
	retry := v2("%RETRY%${run}_back").With("c", "TBW102", "e", "0", "j", "1", "l", "3", "i", properties("RETRY_TOPIC", "${run}_send", "TAGS", "TagA", "WAIT", "false"))
	resend := func(name string, f Fields) Step {
		return Step{Name: "back/resend-" + name, Code: sendMessageV2, Fields: f, Body: "sent by its consumer"}
	}
	binary := send("rocketmq-header", back.With("maxReconsumeTimes", "0"))
	binary.Kind = remoting.ROCKETMQ
	delayed := resend("with-delay", retry.With("i", properties("DELAY", "1", "RETRY_TOPIC", "${run}_send")))
	delayed.Hide = "ext.queueOffset"
	return []Step{
		send("good", back),
		dispatched("back/delivered", "%RETRY%${run}_back", "0", 4),
		read("retry", "%RETRY%${run}_back"),
		resend("to-retry-topic", retry),
		dispatched("back/resent-there", "%RETRY%${run}_back", "0", 5),
		read("resent", "%RETRY%${run}_back"),
		send("max-reached", back.With("maxReconsumeTimes", "0")),
		send("negative-delay", back.With("delayLevel", "-1")),
		binary,
		resend("max-reached", retry.With("j", "3")),
		resend("group-maximum-reached", retry.With("j", "16").Without("l")),
		dispatched("back/dead", "%DLQ%${run}_back", "0", 5),
		read("dlq", "%DLQ%${run}_back"),
		resend("of-new-group", retry.With("b", "%RETRY%${run}_newgroup")),
		delayed,
		dispatched("back/delayed-there", "%RETRY%${run}_back", "0", 6),
		read("with-delay", "%RETRY%${run}_back"),
		send("group-without-retry-queues", back.With("group", "${run}_noretry")),
		send("bad-offset", back.With("offset", "1")),
		send("offset-beyond-end", back.With("offset", "123456789012345")),
		send("negative-offset", back.With("offset", "-1")),
		send("least-fields", fields("offset", "${id2@offset}", "group", "${run}_least", "delayLevel", "-1")),
		dispatched("back/least-fields-dead", "%DLQ%${run}_least", "0", 1),
		{Name: "back/read-least-fields", Code: pullMessage, Fields: pull("%DLQ%${run}_least", "0")},
		send("no-offset", back.Without("offset")),
		send("no-group", back.Without("group")),
		send("no-delay-level", back.Without("delayLevel")),
		send("bad-delay-level", back.With("delayLevel", "soon")),
		send("no-fields", nil),
	}
}

// delaySteps see delayed messages arrive. Both servers must have a messageDelayLevel of few seconds per level.
func delaySteps() []Step {
	send := func(name, level string) Step {
		return Step{Name: "delay/send-" + name, Code: sendMessageV2, Body: name, Hide: "ext.queueOffset",
			Fields: v2("${run}_delay").With("d", "1", "i", properties("DELAY", level, "TAGS", "TagA", "KEYS", "${run}-delayed", "WAIT", "true"))}
	}
	read := func(name string) Step {
		return Step{Name: "delay/" + name, Code: pullMessage, Fields: pull("${run}_delay", "0").With("subscription", "TagA")}
	}
	return []Step{
		send("level-1", "1"),
		read("not-there-yet"),
		dispatched("delay/arrives", "${run}_delay", "0", 1),
		read("arrived"),
		send("level-above-all", "99"),
		dispatched("delay/above-all-arrives", "${run}_delay", "0", 2),
		read("above-all-arrived"),
	}
}

// lookUpSteps find messages by log offset (33) and by key (12), and check filters (46).
func lookUpSteps() []Step {
	query := fields("topic", "${run}_send", "key", "${run}-k1", "maxNum", "32", "beginTimestamp", "0", "endTimestamp", "9223372036854775807")
	ask := func(name string, f Fields) Step { return Step{Name: "look-up/" + name, Code: queryMessage, Fields: f} }
	view := func(name string, f Fields) Step { return Step{Name: "view/" + name, Code: viewMessageByID, Fields: f} }
	check := func(name, body string) Step { return Step{Name: "check/" + name, Code: checkClientConfig, Body: body} }
	subscription := func(expressionType, text string) string {
		return `{"clientId":"${run}_client","group":"${run}_group","subscriptionData":{"classFilterMode":false,"codeSet":[],"expressionType":"` +
			expressionType + `","subString":"` + text + `","subVersion":1,"tagsSet":[],"topic":"${run}_send"}}`
	}
	viewBinary := view("rocketmq-header", fields("offset", "${id2@offset}"))
	viewBinary.Kind = remoting.ROCKETMQ
	askBinary := ask("rocketmq-header", query)
	askBinary.Kind = remoting.ROCKETMQ
	return []Step{
		view("good", fields("offset", "${id1@offset}")),
		viewBinary,
		view("with-topic", fields("offset", "${id1@offset}", "topic", "${run}_send")),
		view("inside-a-record", fields("offset", "1")),
		view("beyond-end", fields("offset", "123456789012345")),
		view("negative", fields("offset", "-1")),
		view("bad-number", fields("offset", "x")),
		view("no-offset", fields("topic", "${run}_send")),
		view("no-fields", nil),
		ask("key", query),
		askBinary,
		ask("second-key", query.With("key", "${run}-k2")),
		ask("unique-key", query.With("key", "${run}UNIQUE1", "_UNIQUE_KEY_QUERY", "true")),
		ask("unique-key-at-most-0", query.With("key", "${run}UNIQUE1", "maxNum", "0", "_UNIQUE_KEY_QUERY", "true")),
		ask("at-most-0", query.With("maxNum", "0")),
		ask("none", query.With("key", "${run}-nothing")),
		ask("other-topic", query.With("topic", "${run}_batch")),
		ask("other-time", query.With("endTimestamp", "1000")),
		ask("unknown-topic", query.With("topic", "${run}_nowhere")),
		ask("no-key", query.Without("key")),
		ask("no-time", query.Without("beginTimestamp")),
		ask("no-fields", nil),
		check("tag", subscription("TAG", "TagA")),
		check("no-type", `{"clientId":"c","group":"${run}_group","subscriptionData":{"subString":"*","topic":"${run}_send"}}`),
		check("sql", subscription("SQL92", "a > 1")),
		check("bad-sql", subscription("SQL92", "a >")),
		check("unknown-type", subscription("RUBY", "a")),
		check("no-subscription", `{"clientId":"c","group":"${run}_group"}`),
		check("garbage", "this is no json"),
		check("no-body", ""),
	}
}
