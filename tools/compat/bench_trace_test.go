package compat

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"gantry/remoting/message"
	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

// What a trace has of its own: the places of times, durations and ids among its fields, by its type.
var ownFields = map[string][]int{"Pub": {1, 10, 12}, "SubBefore": {1, 4}, "SubAfter": {1, 3, 7}}

// The traces that `gantry bench … -m true` sends of a message are the stock client's of one like it, field by field.
func TestTheBenchmarksTracesAreThoseOfTheStockClient(t *testing.T) {
	srv := theatre.Server(t, server.Standalone, tracing())
	c := theatre.Client(t, agent.Java498, srv)
	trace := func(told func(topic, group string)) map[string][]string {
		topic, group := c.Topic(1), c.Unique("group")
		told(topic, group)
		return tracesOfOne(t, srv, topic, group)
	}
	theirs := trace(func(topic, group string) {
		producer := c.ProducerOf("", true)
		producer.Send(agent.Sync, stage.Messages(topic, 1)...)
		producer.Shutdown()
		c.Push(agent.PushConsumer{Group: group, Topics: map[string]string{topic: "*"}, FromFirst: true, Trace: true}).AwaitCount(deliveryTime, 1)
	})
	ours := trace(func(topic, group string) {
		bench(t, srv, "producer", "-t", topic, "-w", "1", "-s", "100", "-q", "1", "-m", "true")
		bench(t, srv, "consumer", "-t", topic, "-g", group, "-q", "1", "--from-first", "-m", "true")
	})
	for kind, want := range theirs {
		if got := ours[kind]; strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s is %q, want %q", kind, got, want)
		}
	}
}

// tracesOfOne are the traces of the only message of a topic by their types, each value of its own replaced by what it looks like.
func tracesOfOne(t *testing.T, srv server.Server, topic, group string) (found map[string][]string) {
	t.Helper()
	records, _ := pullAll(t, stage.BrokerAddress(t, srv), queue{topic, 0})
	if len(records) != 1 {
		t.Fatalf("%s has %d messages", topic, len(records))
	}
	var id string
	for _, r := range records {
		id = string(r.Properties().Get(message.PropertyUniqKey))
	}
	stage.Eventually(t, deliveryTime, "three traces of a message", func() bool {
		found = map[string][]string{}
		traces, _ := pullAll(t, stage.BrokerAddress(t, srv), queue{traceTopic, 0})
		for _, r := range traces {
			for text := range bytes.SplitSeq(r.Body(), []byte{2}) {
				if fields := strings.Split(string(text), "\x01"); strings.Contains(string(text), id) {
					found[fields[0]] = looks(fields, id, topic, group)
				}
			}
		}
		return len(found) == len(ownFields)
	})
	return found
}

func looks(fields []string, id, topic, group string) []string {
	names := strings.NewReplacer(id, "ID", topic, "TOPIC", group, "GROUP")
	for i := range fields {
		fields[i] = names.Replace(fields[i])
	}
	unique, digits := regexp.MustCompile(`^[0-9A-F]{32}([0-9A-F]{24})?$`), regexp.MustCompile(`^\d+$`) // longer of a host that goes by IPv6
	for _, i := range ownFields[fields[0]] {
		switch {
		case i >= len(fields):
		case unique.MatchString(fields[i]):
			fields[i] = "unique id"
		case digits.MatchString(fields[i]):
			fields[i] = "number"
		}
	}
	if fields[0] == "Pub" {
		fields[3] = "GROUP" // the producer's, which is told nobody else
	}
	return fields
}
