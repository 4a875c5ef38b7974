package compat

import (
	"strings"
	"testing"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/realbroker"
	"gantry/tools/compat/stage"
)

// mqadmin runs one command of a release's tool against the stage's shared server.
func mqadmin(t *testing.T, r release, c *stage.Client, args ...string) string {
	t.Helper()
	var printed string
	theatre.Undisturbed(func() {
		output, err := realbroker.MQAdmin(t.Context(), r.classpath, t.TempDir(), append(args, "-n", c.Server().Namesrv())...)
		if err != nil {
			t.Fatal(err)
		}
		printed = output
	})
	return printed
}

// Both tools reset a group by time, told to its members where there are any, and committed by the tool where there are none.
func TestTheOfficialToolResetsAGroupByTime(t *testing.T) {
	for _, tool := range []struct {
		name      string
		classpath func(*artifacts.Set) (string, error)
		members   []agent.Kind
	}{
		{"4.9.7", (*artifacts.Set).ServerClasspath, []agent.Kind{agent.Java498, agent.Go212}},
		{"5.3.3", (*artifacts.Set).Server533Classpath, []agent.Kind{agent.Java532}},
	} {
		t.Run(tool.name, func(t *testing.T) {
			r := releaseOf(t, tool.name, tool.classpath)
			theatre.ForClients(t, tool.members, func(t *testing.T, c *stage.Client) { resetByTime(t, r, c) })
		})
	}
}

func resetByTime(t *testing.T, r release, c *stage.Client) {
	topic, group := c.Topic(2), c.Unique("group")
	sent := stage.Messages(topic, 10)
	c.Producer().Send(agent.Sync, sent...)
	consumer := c.Subscribe(topic, group)
	consumer.AwaitCount(deliveryTime, len(sent))
	stage.AwaitCommitted(t, c.Server(), group, topic, 2, len(sent))
	if printed := mqadmin(t, r, c, "consumerProgress", "-g", group); !strings.Contains(printed, topic) {
		t.Errorf("consumerProgress does not show the topic:\n%s", printed)
	}

	mqadmin(t, r, c, "resetOffsetByTime", "-g", group, "-t", topic, "-s", "0")
	consumer.AwaitCount(rebalanceTime, 2*len(sent)) // a client goes on 10 s after it was told
	stage.AwaitCommitted(t, c.Server(), group, topic, 2, len(sent))

	consumer.Shutdown()
	mqadmin(t, r, c, "resetOffsetByTime", "-g", group, "-t", topic, "-s", "0")
	stage.AwaitCommitted(t, c.Server(), group, topic, 2, 0)
	checkBodies(t, sent, c.Subscribe(topic, group).AwaitCount(deliveryTime, len(sent)))

	clone := c.Unique("clone")
	mqadmin(t, r, c, "cloneGroupOffset", "-s", group, "-d", clone, "-t", topic)
	if printed := mqadmin(t, r, c, "topicStatus", "-t", topic); !strings.Contains(printed, "broker-a") {
		t.Errorf("topicStatus shows no queue:\n%s", printed)
	}
}
