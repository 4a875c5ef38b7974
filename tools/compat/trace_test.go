package compat

import (
	"strings"
	"testing"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/realbroker"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

// What clients did with a message is found by its id with the official tool. The consumer comes when the producer has gone: one
// process of 4.6.0 has room for one that tells.
func TestATraceTellsWhoSentAndWhoConsumed(t *testing.T) {
	srv := theatre.Server(t, server.Standalone, map[string]string{"traceTopicEnable": "true"})
	r := releaseOf(t, "4.9.7", (*artifacts.Set).ServerClasspath)
	for _, kind := range agent.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			c := theatre.Client(t, kind, srv)
			topic := c.Topic(1)
			producer := c.ProducerOf("", true)
			id := producer.Send(agent.Sync, stage.Messages(topic, 1)...)[0].MsgID
			told := func(what string) {
				t.Helper()
				stage.Eventually(t, deliveryTime, "a trace "+what, func() bool {
					printed, err := realbroker.MQAdmin(t.Context(), r.classpath, t.TempDir(), "queryMsgTraceById", "-i", id, "-n", srv.Namesrv())
					return err == nil && strings.Contains(printed, what)
				})
			}
			told("Pub")
			producer.Shutdown()
			if kind == agent.Java532 {
				return // which tells nothing of its consuming, beside the real broker either
			}
			c.Push(agent.PushConsumer{Group: c.Unique("group"), Topics: map[string]string{topic: "*"}, FromFirst: true, Trace: true}).AwaitCount(deliveryTime, 1)
			told("Sub")
		})
	}
}
