package xcheck

// brokerSettingSteps ask for the broker's configuration and change it, to what it
// was or in ways that are not taken. Defaults are compared by that, too.
func brokerSettingSteps() []Step {
	set := func(name, body string) Step {
		return Step{Name: "broker-setting/" + name, Code: updateBrokerConfig, Body: body}
	}
	return []Step{
		{Name: "broker-setting/get", Code: getBrokerConfig, Hide: "ext.version"},
		set("nothing", ""),
		set("same-value", "traceOn=true\nfileReservedTime=72\n"),
		set("bad-escape", `traceOn=\u00`),
		set("unknown-key", "nobodysKey=1\n"),
		{Name: "broker-setting/get-again", Code: getBrokerConfig, Hide: "ext.version"},
	}
}
