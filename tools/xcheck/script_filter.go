package xcheck

import "strconv"

// FilterScript is the part of Script that chooses messages by SQL92. It stands alone, so that it can also be played
// against servers that do not filter.
func FilterScript() []Step { return filterSteps() }

// sqlSubscription is one entry of subscriptionDataSet with an expression.
func sqlSubscription(topic, expression, kind, version string) string {
	return `{"classFilterMode":false,"codeSet":[],"expressionType":"` + kind + `","subString":` + strconv.Quote(expression) + `,"subVersion":` +
		version + `,"tagsSet":[],"topic":"` + topic + `"}`
}

func filterSteps() []Step {
	steps := filterMessages()
	steps = append(steps, statedFilterSteps()...)
	steps = append(steps, registeredFilterSteps()...)
	steps = append(steps, retriedFilterSteps()...)
	return append(steps, filterCheckSteps()...)
}

// filterMessages stores what the rest chooses from.
func filterMessages() []Step {
	var steps []Step
	for i, text := range []string{
		properties("n", "1", "region", "hangzhou", "TAGS", "TagA"), properties("n", "7", "region", "Hangzhou", "TAGS", "TagB"), properties("n", "x", "f", "1.5"),
		properties("n", "2147483648", "f", "1e3", "TAGS", "TagA"), properties("region", "it's", "f", "NaN", "b", "true"), "",
	} {
		steps = append(steps, Step{Name: "filter/send-" + itoa(i), Code: sendMessageV2, Fields: v2("${run}_filter").With("i", text), Body: "message " + itoa(i)})
	}
	return append(steps, dispatched("filter/all-there", "${run}_filter", "0", 6))
}

// statedFilterSteps are pulls that bring their expression along.
func statedFilterSteps() []Step {
	state := func(name, expression, offset string) Step {
		return Step{Name: "filter/state-" + name, Code: pullMessage,
			Fields: pull("${run}_filter", offset).With("expressionType", "SQL92", "subscription", expression)}
	}
	other := func(name, kind string) Step {
		s := state(name, "n = '7'", "0")
		s.Fields = s.Fields.With("expressionType", kind)
		return s
	}
	noExpression := state("without", "", "0")
	noExpression.Fields = noExpression.Fields.Without("subscription")
	steps := []Step{
		state("empty", "", "0"), noExpression,
		state("from-the-middle", "TAGS = 'TagA'", "1"), state("none-left", "TAGS = 'TagA'", "4"), state("at-max", "n = '7'", "6"), state("above-max", "n = '7'", "7"),
		other("lower-case-type", "sql92"), other("unknown-type", "RUBY"), other("tag", "TAG"),
	}
	for i, expression := range []string{
		"n = '7'", "n > 5", "n = 7", "n > 5.0", "n > 5 OR TRUE", "TRUE OR n > 5", "n <> '7'", "n IN ('1', 'x')", "n NOT IN ('1', 'x')", "n BETWEEN 1 AND 10", "n NOT BETWEEN 1 AND 10",
		"n IS NULL", "n IS NOT NULL", "region = 'hangzhou'", "region = 'it''s'", "f > 1.25", "f BETWEEN 1.5 AND 1000.5", "b", "b = TRUE", "NOT b", "gone = lost", "n = gone", "gone IS NULL AND n = '1'",
		"TAGS = 'TagA' AND (n = '1' OR n > 100)", "NOT (region IS NULL)", "n = '7' whatever follows", "n = 0x7", "NULL", "TRUE", "FALSE", "-- nothing\nn = '7'", "n = '7' /* seven */",
		"n >", "n = 'x", "n # 7", "n LIKE '7'", "n > 'x'", "n = NULL", "5", "n = 99999999999999999999", "n = 0.0", "'x' IN ('x')", "n BETWEEN 2 AND 1",
	} {
		steps = append(steps, state(itoa(i), expression, "0"))
	}
	return steps
}

// registeredFilterSteps are pulls by the expression of a heartbeat.
func registeredFilterSteps() []Step {
	const group = "${run}_filtering"
	beat := func(name, expression, kind, version string) Step {
		return Step{Name: "filter/beat-" + name, As: "filtering", Code: heartBeat, Body: heartbeat("${run}_filterer", group, "CLUSTERING", sqlSubscription("${run}_filter", expression, kind, version))}
	}
	ask := func(name, version string) Step {
		return Step{Name: "filter/pull-" + name, As: "filtering", Code: pullMessage,
			Fields: pull("${run}_filter", "0").With("consumerGroup", group, "sysFlag", "0", "subVersion", version).Without("subscription")}
	}
	held := ask("held", "500")
	held.Start, held.Fields = true, held.Fields.With("sysFlag", "2", "queueOffset", "6", "suspendTimeoutMillis", "7000")
	wake := Step{Name: "filter/send-wanted", Code: sendMessageV2, Fields: v2("${run}_filter").With("i", properties("n", "7")), Body: "wake up"}
	return []Step{
		beat("bad", "n >", "SQL92", "50"), ask("bad", "50"),
		beat("good", "n = '7'", "SQL92", "100"), ask("good", "100"), ask("older", "99"), ask("newer", "101"),
		beat("same-version", "n = 'x'", "SQL92", "100"), ask("same-version", "100"),
		beat("older-version", "n = 'x'", "SQL92", "90"), ask("older-version", "100"),
		beat("newer-version", "n = 'x'", "SQL92", "200"), ask("newer-version", "200"),
		beat("empty", "", "SQL92", "250"), ask("empty", "250"), ask("empty-older", "200"),
		{Name: "filter/beat-tag", As: "filtering", Code: heartBeat, Body: heartbeat("${run}_filterer", group, "CLUSTERING", subscription("${run}_filter", "TagA", `"TagA"`, "2598919", "300"))},
		ask("tag", "300"),
		beat("bad-again", "n = ", "SQL92", "350"), ask("bad-again", "350"),
		beat("unknown-type", "n", "RUBY", "400"), ask("unknown-type", "400"),
		beat("good-again", "n = '7'", "SQL92", "500"), ask("good-again", "500"),
		{Name: "filter/pull-as-tag", As: "filtering", Code: pullMessage,
			Fields: pull("${run}_filter", "0").With("consumerGroup", group, "sysFlag", "0", "subVersion", "500", "subscription", "n = '1'", "expressionType", "TAG")},
		held, wake, {Name: "filter/woken", Await: "filter/pull-held"},
		{Name: "filter/leave", As: "filtering", Code: unregisterClient, Fields: fields("clientID", "${run}_filterer", "consumerGroup", group)},
		beat("after-absence", "n = 'x'", "SQL92", "40"), ask("after-absence", "40"),
	}
}

// retriedFilterSteps look at a retry topic, whose messages know their own topic.
func retriedFilterSteps() []Step {
	const group = "${run}_retrying"
	back := func(name, n, topic string) Step {
		return Step{Name: "filter/back-" + name, Code: sendMessageV2, Body: "back from " + name,
			Fields: v2("%RETRY%"+group).With("i", properties("n", n, "RETRY_TOPIC", topic), "j", "1", "l", "16", "a", group)}
	}
	return []Step{
		{Name: "filter/beat-retrying", As: "retrying", Code: heartBeat, Body: heartbeat("${run}_retrier", group, "CLUSTERING",
			sqlSubscription("${run}_filter", "n = '7'", "SQL92", "100")+","+subscription("%RETRY%"+group, "*", "", "", "100"))},
		back("wanted", "7", "${run}_filter"), back("unwanted", "1", "${run}_filter"), back("another-topic", "1", "${run}_send"),
		dispatched("filter/back-there", "%RETRY%"+group, "0", 3),
		{Name: "filter/pull-retries", As: "retrying", Code: pullMessage,
			Fields: pull("%RETRY%"+group, "0").With("consumerGroup", group, "sysFlag", "0", "subVersion", "100").Without("subscription")},
	}
}

// filterCheckSteps are what a consumer asks at its start.
func filterCheckSteps() []Step {
	check := func(name, expression, kind string) Step {
		return Step{Name: "filter/check-" + name, Code: checkClientConfig,
			Body: `{"clientId":"c","group":"${run}_filtering","subscriptionData":` + sqlSubscription("${run}_filter", expression, kind, "1") + `}`}
	}
	return []Step{
		check("tag", "a || b", "TAG"), check("bars", "||", "TAG"), check("good", "n > 5 AND region IN ('hangzhou')", "SQL92"), check("trailing", "n = 1 and the rest", "SQL92"),
		check("refused-empty", "", "SQL92"), check("refused-lexical", "n = 'x", "SQL92"), check("refused-grammar", "n BETWEEN 1 OR 2", "SQL92"), check("refused-operand", "n > 'x'", "SQL92"),
		check("refused-number", "n = 99999999999999999999", "SQL92"), check("refused-no-condition", "5", "SQL92"), check("refused-bounds", "n BETWEEN 2 AND 1", "SQL92"),
		check("refused-type", "n = 1", "RUBY"), check("refused-lower-case-type", "n = 1", "sql92"),
		{Name: "filter/check-refused-no-expression", Code: checkClientConfig,
			Body: `{"clientId":"c","group":"${run}_filtering","subscriptionData":{"classFilterMode":false,"codeSet":[],"expressionType":"SQL92","subVersion":1,"tagsSet":[],"topic":"${run}_filter"}}`},
	}
}
