package xcheck

import (
	"strings"

	"gantry/remoting"
	"gantry/remoting/message"
)

// sendSteps store messages in queue 0 and 1 of ${run}_send in every way a client can.
func sendSteps() []Step {
	tagged := v2("${run}_send").With("i", properties("KEYS", "${run}-k1 ${run}-k2", "TAGS", "TagA", "UNIQ_KEY", "${run}UNIQUE1", "WAIT", "true"))
	topic := v1("${run}_send").With("properties", properties("TAGS", "TagB"))
	id := map[string]string{"id1": "ext.msgId"}
	return []Step{
		{Name: "send/v2", Code: sendMessageV2, Fields: tagged, Body: "first", Keep: id},
		{Name: "send/v2-rocketmq-header", Code: sendMessageV2, Kind: remoting.ROCKETMQ, Fields: tagged.With("i", properties("TAGS", "TagB", "größe", "ä ö ü")), Body: "second", Keep: map[string]string{"id2": "ext.msgId"}},
		{Name: "send/v1", Code: sendMessage, Fields: topic, Body: "third"},
		{Name: "send/v1-rocketmq-header", Code: sendMessage, Kind: remoting.ROCKETMQ, Fields: topic.With("properties", ""), Body: "fourth"},
		{Name: "send/v1-least-fields", Code: sendMessage, Fields: topic.Without("properties").Without("reconsumeTimes").Without("unitMode").Without("batch"), Body: "fifth"},
		{Name: "send/with-broker-name", Code: sendMessageV2, Fields: v2("${run}_send").With("n", "${brokerName}", "lo", "true", "ns", "x"), Body: "sixth"},
		{Name: "send/oneway", Code: sendMessageV2, Oneway: true, Fields: v2("${run}_send").With("e", "1"), Body: "oneway"},
		dispatched("send/oneway-arrived", "${run}_send", "1", 1),
		{Name: "send/empty-body", Code: sendMessageV2, Fields: v2("${run}_send").With("i", properties("TAGS", "TagA")), Body: ""},
		{Name: "send/body-of-4MiB", Code: sendMessageV2, Fields: v2("${run}_large"), Body: strings.Repeat("b", 4<<20)},
		{Name: "send/body-above-4MiB", Code: sendMessageV2, Fields: v2("${run}_large"), Body: strings.Repeat("b", 4<<20+1)},
		{Name: "send/flags", Code: sendMessageV2, Fields: v2("${run}_send").With("f", "1", "h", "-7", "j", "5", "g", "-1", "l", "3"), Body: "compressed, or so it says"},
		{Name: "send/transactional", Code: sendMessageV2, Fields: v2("${run}_one").With("d", "1", "f", "4", "i", properties("TRAN_MSG", "true", "PGROUP", "${run}_producer", "UNIQ_KEY", "${run}UNIQUE2")), Body: "half", Hide: "ext.queueOffset"},
		{Name: "send/random-queue", Code: sendMessageV2, Fields: v2("${run}_one").With("d", "1", "e", "-1"), Body: "anywhere"},
		{Name: "send/random-queue-far-below", Code: sendMessageV2, Fields: v2("${run}_one").With("d", "1", "e", "-2147483648"), Body: "anywhere"},
		{Name: "send/queue-too-high", Code: sendMessageV2, Fields: v2("${run}_send").With("e", "4"), Body: "x"},
		{Name: "send/read-queue-without-write", Code: sendMessageV2, Fields: v2("${run}_created").With("e", "2"), Body: "x"},
		{Name: "send/queue-far-too-high", Code: sendMessage, Kind: remoting.ROCKETMQ, Fields: v1("${run}_send").With("queueId", "2147483647"), Body: "x"},
		{Name: "send/no-fields", Code: sendMessageV2, Body: "x"},
		{Name: "send/v1-no-fields", Code: sendMessage, Body: "x"},
		{Name: "send/code-says-v1-fields-say-v2", Code: sendMessage, Fields: v2("${run}_send"), Body: "x"},
	}
}

// sendFieldSteps leave out each required field and spoil each number.
func sendFieldSteps() []Step {
	steps := []Step{{Name: "send-field/none-missing", Code: sendMessageV2, Fields: v2("${run}_lenient"), Body: "x"}}
	for _, letter := range strings.Split("abcdefgh", "") {
		steps = append(steps, Step{Name: "send-field/v2-without-" + letter, Code: sendMessageV2, Fields: v2("${run}_lenient").Without(letter), Body: "x"})
	}
	for _, field := range []string{"producerGroup", "topic", "defaultTopic", "queueId", "bornTimestamp"} {
		steps = append(steps, Step{Name: "send-field/v1-without-" + field, Code: sendMessage, Fields: v1("${run}_lenient").Without(field), Body: "x"})
	}
	for _, letter := range strings.Split("degj", "") {
		steps = append(steps, Step{Name: "send-field/v2-bad-" + letter, Code: sendMessageV2, Fields: v2("${run}_lenient").With(letter, "1x"), Body: "x"})
	}
	return append(steps,
		Step{Name: "send-field/v1-bad-queueId", Code: sendMessage, Fields: v1("${run}_lenient").With("queueId", "99999999999"), Body: "x"},
		Step{Name: "send-field/v2-empty-number", Code: sendMessageV2, Fields: v2("${run}_lenient").With("d", ""), Body: "x"},
		Step{Name: "send-field/v2-number-with-plus", Code: sendMessageV2, Fields: v2("${run}_fields").With("e", "+1"), Body: "x"},
		Step{Name: "send-field/v2-number-with-blank", Code: sendMessageV2, Fields: v2("${run}_fields").With("e", " 1"), Body: "x"},
		Step{Name: "send-field/v2-rocketmq-header-bad", Code: sendMessageV2, Kind: remoting.ROCKETMQ, Fields: v2("${run}_lenient").With("e", "x"), Body: "x"},
		Step{Name: "send-field/v2-bool-of-any-text", Code: sendMessageV2, Fields: v2("${run}_fields").With("k", "no", "m", "FALSE"), Body: "x"},
	)
}

// propertySteps send odd property texts, all to queue 0 of ${run}_properties, where storedSteps read them.
func propertySteps() []Step {
	send := func(name, text string) Step {
		return Step{Name: "property/" + name, Code: sendMessageV2, Fields: v2("${run}_properties").With("i", text), Body: name}
	}
	return []Step{
		send("no-last-separator", "TAGS\x01TagA\x02KEYS\x01k"),
		send("wait-false", properties("WAIT", "false", "a", "b")),
		send("wait-true", properties("WAIT", "true", "a", "b")),
		send("only-wait", properties("WAIT", "true")),
		send("twice", properties("a", "1", "a", "2")),
		send("empty-value", "a\x01\x02b\x012\x02"),
		send("empty-name", "\x01v\x02b\x012\x02"),
		send("no-value", "abc\x02b\x012\x02"),
		send("no-separators", "just text"),
		send("short-pair", "a\x01\x02\x02\x02"),
		send("cluster-given", properties("CLUSTER", "elsewhere")),
		send("region-and-trace", properties("MSG_REGION", "r", "TRACE_ON", "false")),
		send("three-parts", "a\x01b\x01c\x02d\x01e\x02"),
		send("longest", "a\x01"+strings.Repeat("v", 32700)+"\x02"),
		send("longest-with-cluster", "a\x01"+strings.Repeat("v", 32760)+"\x02"),
		send("too-long", "a\x01"+strings.Repeat("v", 32768)+"\x02"),
		send("too-long-in-bytes", "a\x01"+strings.Repeat("ü", 20000)+"\x02"),
		send("delay-0", properties("DELAY", "0", "TAGS", "now")),
		send("delay-negative", properties("DELAY", "-1", "TAGS", "now")),
		send("delay-no-number", properties("DELAY", "soon")),
		send("retry-topic", properties("RETRY_TOPIC", "elsewhere", "ORIGIN_MESSAGE_ID", "0")),
	}
}

// batchSteps are batches, whole and broken.
func batchSteps() []Step {
	batch := v2("${run}_batch").With("m", "true")
	inner := func(body, tag string) message.Inner {
		return message.Inner{Flag: 3, Body: []byte(body), Properties: message.Properties("TAGS\x01" + tag + "\x02UNIQ_KEY\x01U" + tag)}
	}
	three := batchBody(inner("one", "A"), inner("two", "B"), inner("three", "A"))
	send := func(name string, f Fields, body string) Step {
		return Step{Name: "batch/" + name, Code: sendBatchMessage, Fields: f, Body: body}
	}
	binary := send("rocketmq-header", batch, three)
	binary.Kind = remoting.ROCKETMQ
	v2Code := send("code-310", batch, batchBody(inner("four", "D")))
	v2Code.Code = sendMessageV2
	v1Code := Step{Name: "batch/code-10", Code: sendMessage, Fields: v1("${run}_batch").With("batch", "true"), Body: batchBody(inner("five", "E"))}
	return []Step{
		send("three", batch, three),
		binary, v2Code, v1Code,
		send("with-properties", batch.With("i", properties("WAIT", "true", "a", "b")), three),
		send("with-broker-name", batch.With("n", "${brokerName}"), batchBody(inner("six", "F"))),
		send("not-marked", batch.With("m", "false"), three),
		send("empty", batch, ""),
		send("truncated", batch, three[:len(three)-3]),
		send("garbage", batch, "this is no batch of messages, but it is long enough to be one"),
		send("four-bytes", batch, "\x00\x00\x00\x00"),
		send("delayed", batch.With("i", properties("DELAY", "2")), three),
		send("retry-topic", batch.With("b", "%RETRY%${run}_back"), three),
		send("queue-too-high", batch.With("e", "4"), three),
		send("topic-of-127", batch.With("b", "${run}_"+strings.Repeat("b", 116)), three),
		send("too-large", batch, batchBody(inner(strings.Repeat("b", 4<<20), "G"))),
		send("reserved-topic", batch.With("b", "SELF_TEST_TOPIC"), three),
	}
}

func batchBody(inner ...message.Inner) string {
	var body []byte
	for _, m := range inner {
		var err error
		if body, err = message.AppendInner(body, m); err != nil {
			panic("BUG: batch of the script: " + err.Error())
		}
	}
	return string(body)
}
