package compat

import (
	"testing"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

// cheap is an expression with some of everything; offered says of which messages it is true.
const cheap = "(price BETWEEN 10 AND 20 AND TAGS IS NOT NULL AND TAGS IN ('a', 'b')) OR NOT (vip IS NULL) AND vip <> 'no'"

func offered(topic string) (sent, wanted []agent.Message) {
	for i, m := range []struct {
		tag, price, vip string
		wanted          bool
	}{
		{"a", "10", "", true}, {"a", "9", "", false}, {"b", "20", "", true}, {"c", "15", "", false}, {"", "15", "", false}, {"a", "", "", false},
		{"c", "99", "yes", true}, {"c", "99", "no", false}, {"a", "15.5", "yes", false}, {"", "", "it's", true}, {"b", "12", "no", true},
	} {
		one := agent.Message{Topic: topic, Tag: m.tag, Properties: map[string]string{}, BodyBytes: 50, Seed: int32(i)}
		for name, value := range map[string]string{"price": m.price, "vip": m.vip} {
			if value != "" {
				one.Properties[name] = value
			}
		}
		sent = append(sent, one)
		if m.wanted {
			wanted = append(wanted, one)
		}
	}
	return sent, wanted
}

// Each client, through the gateway and by direct routes.
func TestSQLFilters(t *testing.T) {
	shapes := map[string]server.Shape{"gateway": server.Standalone, "direct": server.Direct}
	lite := javaKinds() // the Go client's polls say TAG, whatever its expression is
	if theatre.Target == server.Real {
		delete(shapes, "gateway")
		lite = []agent.Kind{agent.Java460, agent.Java498} // 5.3.2 polls with code 361, which the 4.9.7 broker does not know
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			srv := theatre.Server(t, shape, map[string]string{"messageDelayLevel": delayLevels, "enablePropertyFilter": "true"})
			for _, scenario := range []struct {
				name  string
				kinds []agent.Kind
				run   func(*testing.T, *stage.Client)
			}{
				{"choose what a push consumer gets", agent.Kinds(), pushBySQL},
				{"leave retries alone", agent.Kinds(), retryBySQL},
				{"choose what is pulled", agent.Kinds(), pullBySQL},
				{"choose what a lite pull consumer polls", lite, pollBySQL},
				{"must be readable", javaKinds(), refuseBadSQL},
			} {
				for _, kind := range scenario.kinds {
					t.Run(scenario.name+"/"+string(kind), func(t *testing.T) { scenario.run(t, theatre.Client(t, kind, srv)) })
				}
			}
		})
	}
}

func pushBySQL(t *testing.T, c *stage.Client) {
	topic := c.Topic(1)
	sent, wanted := offered(topic)
	producer := c.Producer()
	producer.Send(agent.Sync, sent...)
	consumer := c.Push(agent.PushConsumer{Group: c.Unique("group"), Topics: map[string]string{topic: cheap}, SQL: true, FromFirst: true})
	checkBodies(t, wanted, consumer.AwaitCount(deliveryTime, len(wanted)))
	producer.Send(agent.Sync, sent...) // which the consumer waits for by now
	checkBodies(t, append(wanted, wanted...), consumer.AwaitCount(deliveryTime, 2*len(wanted)))
}

func retryBySQL(t *testing.T, c *stage.Client) {
	topic := c.Topic(1)
	sent, wanted := offered(topic)
	c.Producer().Send(agent.Sync, sent...)
	consumer := c.Push(agent.PushConsumer{
		Group: c.Unique("group"), Topics: map[string]string{topic: cheap}, SQL: true, FromFirst: true, FailTimes: 1,
	})
	checkBodies(t, append(wanted, wanted...), consumer.AwaitCount(deliveryTime, 2*len(wanted)))
}

func pullBySQL(t *testing.T, c *stage.Client) {
	topic := c.Topic(1)
	sent, wanted := offered(topic)
	c.Producer().Send(agent.Sync, sent...)
	queue := stage.Queues(topic, 1)[0]
	consumer := c.SQLPull(topic, c.Unique("group"), cheap)
	var seen []agent.Delivered
	next := int64(0)
	stage.Eventually(t, rebalanceTime, "the whole queue pulled", func() bool {
		result, err := consumer.TryPull(queue, cheap, next, 3)
		if err == nil {
			seen, next = append(seen, result.Messages...), result.NextOffset
		}
		return next == int64(len(sent))
	})
	checkBodies(t, wanted, seen)
}

func pollBySQL(t *testing.T, c *stage.Client) {
	topic := c.Topic(1)
	sent, wanted := offered(topic)
	c.Producer().Send(agent.Sync, sent...)
	consumer := c.SQLLite(topic, c.Unique("group"), cheap)
	var seen []agent.Delivered
	stage.Eventually(t, rebalanceTime, "all wanted messages polled", func() bool {
		seen = append(seen, consumer.Poll(500)...)
		return len(seen) >= len(wanted)
	})
	checkBodies(t, wanted, seen)
}

func refuseBadSQL(t *testing.T, c *stage.Client) {
	topic := c.Topic(1)
	for _, expression := range []string{"price >", "price > 'x'", "price = 99999999999999999999"} {
		if err := c.TryPush(agent.PushConsumer{Group: c.Unique("group"), Topics: map[string]string{topic: expression}, SQL: true}); err == nil {
			t.Errorf("a consumer of %q started", expression)
		}
	}
}
