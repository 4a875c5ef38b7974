package compat

import (
	"context"
	"sync"
	"testing"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

func TestARestartedConsumerGoesOnWhereItStopped(t *testing.T) {
	theatre.EachClient(t, func(t *testing.T, c *stage.Client) {
		topic, group := c.Topic(2), c.Unique("group")
		producer := c.Producer()
		consumeThenStop(t, c, producer, topic, group)
		sent := []agent.Message{{Topic: topic, BodyBytes: 30, Seed: 100}, {Topic: topic, BodyBytes: 30, Seed: 101}}
		producer.Send(agent.Sync, sent...)
		checkBodies(t, sent, c.Subscribe(topic, group).AwaitCount(deliveryTime, len(sent)))
	})
}

// consumeThenStop lets a group consume ten messages and stop as an application does, once its listeners are done.
func consumeThenStop(t *testing.T, c *stage.Client, producer *stage.Producer, topic, group string) {
	sent := stage.Messages(topic, 10)
	producer.Send(agent.Sync, sent...)
	consumer := c.Subscribe(topic, group)
	consumer.AwaitCount(deliveryTime, len(sent))
	stage.AwaitCommitted(t, c.Server(), group, topic, 2, len(sent))
	consumer.Shutdown()
}

func TestAServersRestartKeepsOffsetsAndMessagesAndClientsComeBack(t *testing.T) {
	srv := theatre.Server(t, server.Standalone, map[string]string{"messageDelayLevel": delayLevels})
	var before, restarted sync.WaitGroup
	release := make(chan struct{})
	before.Add(len(agent.Kinds()))
	restarted.Go(func() {
		defer close(release)
		before.Wait()
		if err := srv.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if err := srv.Start(context.Background()); err != nil {
			t.Errorf("start again: %v", err)
		}
	})
	t.Run("clients", func(t *testing.T) {
		for _, kind := range agent.Kinds() {
			t.Run(string(kind), func(t *testing.T) {
				t.Parallel()
				done := sync.OnceFunc(before.Done)
				defer done()
				surviveRestart(t, theatre.Client(t, kind, srv), func() {
					done()
					<-release
				})
			})
		}
	})
	restarted.Wait()
}

// surviveRestart has one group that stops before the server does and comes after it, and one that stays.
func surviveRestart(t *testing.T, c *stage.Client, restart func()) {
	topic, stopped, staying := c.Topic(2), c.Unique("stopped"), c.Unique("staying")
	producer := c.Producer()
	consumeThenStop(t, c, producer, topic, stopped)
	steady := c.Subscribe(topic, staying)
	steady.AwaitCount(deliveryTime, 10)

	restart()

	sent := []agent.Message{{Topic: topic, BodyBytes: 30, Seed: 100}, {Topic: topic, BodyBytes: 30, Seed: 101}}
	for _, m := range sent {
		stage.Eventually(t, deliveryTime, "an acknowledged send after the restart", func() bool {
			_, err := producer.Try(m)
			return err == nil
		})
	}
	checkBodies(t, sent, c.Subscribe(topic, stopped).AwaitCount(deliveryTime, len(sent)))
	steady.Await(deliveryTime, "the new messages at the group that stayed", func(seen []agent.Delivered) bool {
		bodies := map[uint32]bool{}
		for _, d := range seen {
			bodies[d.BodyCRC] = true
		}
		return len(bodies) >= 10+len(sent)
	})
}
