package compat

import (
	"bytes"
	"encoding/json"
	"testing"

	"gantry/remoting/protocol"
	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
)

// askAndReset does with a group and its one member what tools do.
func askAndReset(t *testing.T, c *stage.Client) {
	const getConsumerRunningInfo, consumeMessageDirectly, invokeBrokerToResetOffset = 307, 309, 222
	topic, group := c.Topic(2), c.Unique("group")
	sent := stage.Messages(topic, 6)
	c.Producer().Send(agent.Sync, sent...)
	consumer := c.Subscribe(topic, group)
	seen := consumer.AwaitCount(deliveryTime, len(sent))
	stage.AwaitCommitted(t, c.Server(), group, topic, 2, len(sent))
	broker := stage.BrokerAddress(t, c.Server())
	checkConsumed(t, broker, group, topic, int64(len(sent)))
	member := onlyMember(t, broker, group)

	stage.Eventually(t, rebalanceTime, "running info", func() bool { // the Go client has none in the ten seconds in which its rates are no numbers
		info := mustAsk(t, broker, getConsumerRunningInfo, map[string]string{"consumerGroup": group, "clientId": member, "jstackEnable": "false"})
		return info.Code == 0 && bytes.Contains(info.Body, []byte(topic))
	})
	directly := mustAsk(t, broker, consumeMessageDirectly, map[string]string{
		"consumerGroup": group, "clientId": member, "msgId": seen[0].OffsetMsgID, "brokerName": stage.BrokerName})
	if directly.Code != 0 {
		t.Errorf("consumed directly: code %d %s", directly.Code, directly.Remark)
	}
	all := consumer.AwaitCount(deliveryTime, len(sent)+1)
	checkBodies(t, sent, firstOfEach(&all))
	if len(all) != 1 || all[0].BodyCRC != seen[0].BodyCRC {
		t.Errorf("consumed directly was %v, want %s again", all, seen[0].MsgID)
	}

	reset := mustAsk(t, broker, invokeBrokerToResetOffset, map[string]string{"topic": topic, "group": group, "timestamp": "0", "isForce": "true"})
	if reset.Code != 0 {
		t.Errorf("reset: code %d %s", reset.Code, reset.Remark)
	}
	all = consumer.AwaitCount(rebalanceTime, 2*len(sent)+1) // a client goes on 10 s after it was told
	for range 2 {
		checkBodies(t, sent, firstOfEach(&all))
	}
}

// checkConsumed says that a group has come to the end of a topic, which holds so many messages.
func checkConsumed(t *testing.T, broker, group, topic string, messages int64) {
	t.Helper()
	const getConsumeStats = 208
	var stats protocol.ConsumeStats
	if err := stats.Decode(mustAsk(t, broker, getConsumeStats, map[string]string{"consumerGroup": group, "topic": topic}).Body); err != nil {
		t.Fatal(err)
	}
	var stored, consumed int64
	for _, of := range stats.OffsetTable {
		stored, consumed = stored+of.BrokerOffset, consumed+of.ConsumerOffset
	}
	if stored != messages || consumed != messages {
		t.Errorf("consume stats of %s: %d of %d, want all of %d", group, consumed, stored, messages)
	}
}

// onlyMember is the client id of a group's one member.
func onlyMember(t *testing.T, broker, group string) string {
	t.Helper()
	const getConsumerList = 38
	var list struct {
		IDs []string `json:"consumerIdList"`
	}
	reply := mustAsk(t, broker, getConsumerList, map[string]string{"consumerGroup": group})
	if err := json.Unmarshal(reply.Body, &list); err != nil || len(list.IDs) != 1 {
		t.Fatalf("members of %s: code %d %s, %q, %v", group, reply.Code, reply.Remark, list.IDs, err)
	}
	return list.IDs[0]
}
