package xcheck

// brokerSettingSteps ask for the broker's configuration and change it, to what it
// was or in ways that are not taken. Defaults are compared by that, too.
func brokerSettingSteps() []Step {
	set := func(name, body string) Step {
		return Step{Name: "broker-setting/" + name, Code: updateBrokerConfig, Body: body}
	}
	steps := []Step{
		{Name: "broker-setting/get", Code: getBrokerConfig, Hide: "ext.version"},
		set("nothing", ""),
		set("same-value", "traceOn=true\nfileReservedTime=72\n"),
		set("bad-escape", `traceOn=\u00`),
		set("unknown-key", "nobodysKey=1\n"),
		{Name: "broker-setting/get-again", Code: getBrokerConfig, Hide: "ext.version"},
		set("sends-from-2100", "startAcceptSendRequestTimeStamp=4102444800000\n"),
	}
	early := v2("${run}_early")
	for _, send := range []Step{
		{Name: "send", Code: sendMessageV2, Fields: early},
		{Name: "send-v1", Code: sendMessage, Fields: v1("${run}_early")},
		{Name: "batch", Code: sendBatchMessage, Fields: early.With("m", "true")},
		{Name: "reply", Code: sendReplyMessageV2, Fields: early},
	} {
		send.Name, send.Body = "broker-setting/too-early-"+send.Name, "x"
		steps = append(steps, send)
	}
	return append(steps, set("sends-from-now", "startAcceptSendRequestTimeStamp=0\n"),
		Step{Name: "broker-setting/in-time", Code: sendMessageV2, Fields: early, Body: "x"})
}
