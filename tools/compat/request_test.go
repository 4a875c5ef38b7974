package compat

import (
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
)

// bodyCRC is the checksum of a message's body.
func bodyCRC(m agent.Message) uint32 { return crc32.ChecksumIEEE(agent.Body(m.BodyBytes, m.Seed)) }

func TestARequestGetsItsReply(t *testing.T) {
	theatre.EachClient(t, requestsGetReplies)
}

func requestsGetReplies(t *testing.T, c *stage.Client) {
	topic := c.Topic(2)
	replier, asker := c.Producer(), c.Producer()
	c.Push(agent.PushConsumer{Group: c.Unique("group"), Topics: map[string]string{topic: "*"}, FromFirst: true, Replier: replier.Member()})
	for i, m := range stage.Messages(topic, 5) {
		var reply agent.Delivered
		// The first of them may be asked before the consumer has its queues, or the replier its route.
		stage.Eventually(t, deliveryTime, "a reply", func() bool {
			found, err := asker.Ask(m, 10*time.Second)
			reply = found
			return err == nil
		})
		if reply.BodyCRC != bodyCRC(m) {
			t.Errorf("request %d got another's reply", i)
		}
		if !strings.HasSuffix(reply.Topic, "_REPLY_TOPIC") {
			t.Errorf("the reply is of topic %s", reply.Topic)
		}
	}
}

func TestARequestThatNobodyAnswersTimesOut(t *testing.T) {
	theatre.EachClient(t, func(t *testing.T, c *stage.Client) {
		topic := c.Topic(1)
		began := time.Now()
		if reply, err := c.Producer().Ask(agent.Message{Topic: topic, BodyBytes: 10}, 3*time.Second); err == nil {
			t.Errorf("nobody replied %+v", reply)
		}
		if took := time.Since(began); took < 2*time.Second {
			t.Errorf("it gave up after %v", took)
		}
	})
}
