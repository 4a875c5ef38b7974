package compat

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/matrix"
	"gantry/tools/compat/realbroker"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

const traceTopic = "RMQ_SYS_TRACE_TOPIC"

// What clients did with a message is in the topic of traces, and over gateway routes the official tool finds it there by the message's id.
func TestATraceTellsWhoSentAndWhoConsumed(t *testing.T) {
	servers := map[matrix.Route]server.Server{matrix.Gateway: theatre.Server(t, server.Standalone, tracing())}
	if theatre.Target == server.Gantry {
		servers[matrix.Direct] = theatre.AnotherServer(t, server.Direct, tracing())
		servers[matrix.Shared] = theatre.AnotherServer(t, server.Shared, tracing())
	}
	for _, kind := range agent.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			for _, c := range matrix.Columns() { // one after the other: one process of 4.6.0 has room for one that tells
				if srv := servers[c.Route]; c.Kind == kind && srv != nil {
					t.Run(string(c.Route), func(t *testing.T) {
						id := tellTraces(t, c, tracer(t, kind, srv))
						if c.Route == matrix.Gateway {
							says := []string{"Pub"}
							if c.Has(matrix.TraceConsume) {
								says = append(says, "Sub")
							}
							awaitToolFinds(t, srv, id, says)
						}
					})
				}
			}
		})
	}
}

func tracing() map[string]string { return map[string]string{"traceTopicEnable": "true"} }

// awaitToolFinds waits until the official tool prints a message's trace, which says all this. Each try is a JVM.
func awaitToolFinds(t *testing.T, srv server.Server, id string, says []string) {
	t.Helper()
	r := releaseOf(t, "4.9.7", (*artifacts.Set).ServerClasspath)
	stage.Eventually(t, 2*deliveryTime, "a trace that the tool finds", func() bool {
		printed, err := realbroker.MQAdmin(t.Context(), r.classpath, t.TempDir(), "queryMsgTraceById", "-i", id, "-n", srv.Namesrv())
		return err == nil && !slices.ContainsFunc(says, func(one string) bool { return !strings.Contains(printed, one) })
	})
}

// awaitTrace waits until the topic of traces has one of a message that says this.
func awaitTrace(t *testing.T, srv server.Server, id, says string) {
	t.Helper()
	stage.Eventually(t, deliveryTime, "a trace "+says, func() bool {
		records, _ := pullAll(t, stage.BrokerAddress(t, srv), queue{traceTopic, 0})
		for _, r := range records {
			for trace := range bytes.SplitSeq(r.Body(), []byte{2}) { // one body may have several
				if bytes.Contains(trace, []byte(id)) && bytes.Contains(trace, []byte(says)) {
					return true
				}
			}
		}
		return false
	})
}

// tracer is a client that can tell: the Go client tells one name server in all its process.
func tracer(t *testing.T, kind agent.Kind, srv server.Server) *stage.Client {
	if kind == agent.Go212 {
		return theatre.OwnClient(t, kind, srv)
	}
	return theatre.Client(t, kind, srv)
}

// tellTraces sends and consumes one message, and returns its id. The consumer comes when the producer has gone.
func tellTraces(t *testing.T, of matrix.Column, c *stage.Client) (id string) {
	t.Helper()
	topic := c.Topic(1)
	c.Shows(matrix.TraceSend)
	producer := c.ProducerOf("", true)
	id = producer.Send(agent.Sync, stage.Messages(topic, 1)...)[0].MsgID
	awaitTrace(t, c.Server(), id, "Pub")
	producer.Shutdown()
	if !of.Has(matrix.TraceConsume) {
		return id
	}
	c.Shows(matrix.TraceConsume)
	c.Push(agent.PushConsumer{Group: c.Unique("group"), Topics: map[string]string{topic: "*"}, FromFirst: true, Trace: true}).AwaitCount(deliveryTime, 1)
	awaitTrace(t, c.Server(), id, "Sub")
	return id
}
