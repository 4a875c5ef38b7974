package compat

import (
	"strings"
	"testing"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
)

func TestANamespaceKeepsItsMessagesApart(t *testing.T) {
	theatre.EachClient(t, func(t *testing.T, c *stage.Client) {
		topic, group := c.Unique("topic"), c.Unique("group")
		for _, full := range []string{topic, "one%" + topic, "two%" + topic, "%RETRY%one%" + group} {
			stage.CreateTopic(t, c.Server(), full, 2)
		}
		seen := map[string]*stage.Push{}
		for _, space := range []string{"", "one", "two"} {
			fails := 0
			if space == "one" {
				fails = 1 // and comes again from its retry topic
			}
			seen[space] = c.Push(agent.PushConsumer{Group: group, Namespace: space, Topics: map[string]string{topic: "*"}, FromFirst: true, FailTimes: fails})
		}
		sent := map[string][]agent.Message{}
		for i, space := range []string{"", "one", "two"} {
			for seed := range int32(3) {
				sent[space] = append(sent[space], agent.Message{Topic: topic, BodyBytes: 50, Seed: int32(i)*100 + seed})
			}
			c.ProducerOf(space, false).Send(agent.Sync, sent[space]...)
		}
		for space, consumer := range seen {
			times := 1
			if space == "one" {
				times = 2
			}
			all := consumer.AwaitCount(rebalanceTime, times*len(sent[space]))
			for range times {
				checkBodies(t, sent[space], firstOfEach(&all))
			}
			for _, d := range consumer.Delivered() {
				if !strings.HasSuffix(d.Topic, topic) { // Go v2.1.2 leaves the namespace in front
					t.Errorf("a message of namespace %q came from topic %s", space, d.Topic)
				}
			}
		}
	})
}

// firstOfEach takes the first delivery of each message out of all.
func firstOfEach(all *[]agent.Delivered) (first []agent.Delivered) {
	var rest []agent.Delivered
	taken := map[uint32]bool{}
	for _, d := range *all {
		if taken[d.BodyCRC] {
			rest = append(rest, d)
			continue
		}
		taken[d.BodyCRC] = true
		first = append(first, d)
	}
	*all = rest
	return first
}
