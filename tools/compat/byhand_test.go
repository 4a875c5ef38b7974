package compat

import (
	"context"
	"maps"
	"strconv"
	"testing"
	"time"

	"gantry/remoting/message"
	"gantry/tools/compat/wire"
)

// sendByHand sends a message to a topic's queue 0 as no client at hand does, and returns what came back.
func sendByHand(t *testing.T, address, topic string, properties message.Properties, body []byte, fields map[string]string) *wire.Frame {
	t.Helper()
	const sendMessage = 10
	all := map[string]string{
		"producerGroup": "by_hand", "topic": topic, "defaultTopic": "TBW102", "defaultTopicQueueNums": "4", "queueId": "0",
		"sysFlag": "0", "bornTimestamp": strconv.FormatInt(time.Now().UnixMilli(), 10), "flag": "0",
		"properties": string(properties), "reconsumeTimes": "0", "unitMode": "false", "batch": "false",
	}
	maps.Copy(all, fields)
	reply, err := wire.Ask(context.Background(), address, sendMessage, all, body)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

// offsetOf asks a broker for an offset.
func offsetOf(t *testing.T, broker string, code int, fields map[string]string) int64 {
	t.Helper()
	reply := mustAsk(t, broker, code, fields)
	offset, err := strconv.ParseInt(reply.ExtFields["offset"], 10, 64)
	if err != nil {
		t.Fatalf("code %d of %v: code %d %s", code, fields, reply.Code, reply.Remark)
	}
	return offset
}
