package xcheck

// absentSteps ask for what came with 5.x and neither server has, and for the queues of light topics (LMQ), which 4.9.7 has off.
func absentSteps() []Step {
	const light, topic = "%LMQ%${run}", "${run}_light"
	var steps []Step
	for _, absent := range []struct {
		what string
		code int32
	}{
		{"pop", 200050}, {"ack", 200051}, {"peek", 200052}, {"change-invisible-time", 200053}, {"notification", 200054}, {"polling-info", 200055}, {"batch-ack", 200151},
		{"query-assignment", 400}, {"set-message-request-mode", 401}, {"recall", 370}, {"static-topic", 513},
	} {
		steps = append(steps, Step{Name: "absent/" + absent.what, Code: absent.code, Fields: queue("${run}_send").With("consumerGroup", "${run}_reader")})
	}
	return append(steps,
		Step{Name: "absent/light-send", Code: sendMessageV2, Fields: v2(topic).With("i", properties("INNER_MULTI_DISPATCH", light)), Body: "light"},
		dispatched("absent/light-there", topic, "0", 1),
		Step{Name: "absent/light-read", Code: pullMessage, Fields: pull(topic, "0")},
		Step{Name: "absent/light-pull", Code: pullMessage, Fields: pull(light, "0")},
		Step{Name: "absent/light-end", Code: getMaxOffset, Fields: queue(light)})
}
