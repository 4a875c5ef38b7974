package xcheck

// TimerScript is about messages with a time of their own, which 4.9.7 does not know: it is played against 5.3.3.
func TimerScript() []Step {
	const topic = "${run}_timer"
	send := func(name string, namesAndValues ...string) Step {
		p := properties(append([]string{"UNIQ_KEY", "${run}_" + name}, namesAndValues...)...)
		return Step{Name: "timer/" + name, Code: sendMessageV2, Fields: v2(topic).With("i", p), Body: name}
	}
	held := func(s Step) Step {
		s.Keep, s.Hide = map[string]string{"held": "ext.msgId"}, "ext.queueOffset"
		return s
	}
	view := func(name string) Step {
		return Step{Name: "timer/" + name, Code: viewMessageByID, Fields: fields("offset", "${held@offset}"), Hide: "body.records.0.queueOffset"}
	}
	return []Step{
		send("at-once"),
		send("due-already", "TIMER_DELIVER_MS", "1500000000000"),
		send("no-delay", "TIMER_DELAY_SEC", "0"),
		send("held-before", "TIMER_DELAY_SEC", "60", "TIMER_OUT_MS", "1500000000000"),
		held(send("level-first", "DELAY", "1", "TIMER_DELAY_SEC", "60")),
		send("no-number", "TIMER_DELAY_SEC", "soon"),
		send("no-number-of-ms", "TIMER_DELAY_MS", "1.5"),
		send("too-far", "TIMER_DELAY_SEC", "259201"),
		send("too-far-in-ms", "TIMER_DELAY_MS", "259201000"),
		send("too-far-a-time", "TIMER_DELIVER_MS", "99999999999999"),
		send("first-property-counts", "TIMER_DELAY_SEC", "0", "TIMER_DELAY_MS", "60000"),
		held(send("seconds", "TIMER_DELAY_SEC", "3", "TAGS", "TagA")),
		view("seconds-while-held"),
		held(send("milliseconds", "TIMER_DELAY_MS", "6500", "KEYS", "key")),
		view("milliseconds-while-held"),
		held(send("minutes", "TIMER_DELAY_SEC", "600")),
		view("minutes-while-held"),
		{Name: "timer/all-there", Code: getMaxOffset, Fields: queue(topic), Until: Leaf{"ext.offset", "8"}},
		{Name: "timer/read", Code: pullMessage, Fields: pull(topic, "0")},
		{Name: "timer/read-lite", Code: litePullMessage, Fields: pull(topic, "0")},
	}
}

// AcceptedTimers lists what differs from 5.3.3 in TimerScript on purpose.
func AcceptedTimers() []Acceptance {
	return []Acceptance{
		{"timer/*", "ext.transactionId", "*", Absent, "5.3.3 answers every send with its unique key as transactionId, Gantry half messages, as 4.9.7."},
		{"timer/*", "ext.recallHandle", "*", Absent, "A message that waits cannot be recalled."},
		{"timer/*", "remark", "timer message illegal*", "timer message illegal*: *", "Gantry adds what is wrong."},
		{"timer/*", "body.records.*.properties.MSG_REGION body.records.*.properties.TRACE_ON", "*", Absent, "5.3.3 stores what 4.9.7 only answers."},
		{"timer/*", "body.records.*.propertiesBytes", "*", "*", "The property text differs by that."},
		{"timer/read timer/read-lite", "ext.groupSysFlag ext.topicSysFlag", "0", Absent, "5.3.3 answers pulls with the flags of units, which 4.9.7 does not have there."},
	}
}
