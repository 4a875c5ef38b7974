package compat

import (
	"testing"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

func TestEveryClientWorksOverDirectRoutes(t *testing.T) {
	srv := theatre.Server(t, server.Direct, map[string]string{"messageDelayLevel": delayLevels})
	t.Run("clients", func(t *testing.T) {
		for _, kind := range agent.Kinds() {
			t.Run(string(kind), func(t *testing.T) {
				t.Parallel()
				smoke(t, theatre.Client(t, kind, srv))
			})
		}
	})
}

func TestTheOldestClientWorksWithItsVIPProperty(t *testing.T) {
	theatre.ForClients(t, []agent.Kind{agent.Java460}, func(t *testing.T, c *stage.Client) {
		smoke(t, theatre.OwnClient(t, c.Kind, c.Server(), "com.rocketmq.sendMessageWithVIPChannel=true"))
	})
}

func TestAClientThatSpeaksBinaryHeadersWorks(t *testing.T) {
	theatre.ForClients(t, []agent.Kind{agent.Java498}, func(t *testing.T, c *stage.Client) {
		smoke(t, theatre.OwnClient(t, c.Kind, c.Server(), "rocketmq.serialize.type=ROCKETMQ"))
	})
}

// smoke sends in every mode, consumes with a retry, and comes back after a restart of the consumer.
func smoke(t *testing.T, c *stage.Client) {
	t.Helper()
	topic, group := c.Topic(2), c.GroupWithRetryTopic()
	producer := c.Producer()
	sent := stage.Messages(topic, 8)
	for i, mode := range []agent.Mode{agent.Sync, agent.Async, agent.Oneway, agent.Batch} {
		producer.Send(mode, sent[2*i:2*i+2]...)
	}
	consumer := c.Push(agent.PushConsumer{
		Group: group, Topics: map[string]string{topic: "*"}, FromFirst: true, FailTimes: 1,
	})
	seen := consumer.AwaitCount(deliveryTime, 2*len(sent))
	checkBodies(t, append(sent, sent...), seen)
	stage.AwaitCommitted(t, c.Server(), group, topic, 2, len(sent))
	stage.AwaitCommitted(t, c.Server(), group, "%RETRY%"+group, 1, len(sent))
	consumer.Shutdown()
	late := agent.Message{Topic: topic, BodyBytes: 30, Seed: 100}
	producer.Send(agent.Sync, late)
	checkBodies(t, []agent.Message{late}, c.Subscribe(topic, group).AwaitCount(deliveryTime, 1))
}
