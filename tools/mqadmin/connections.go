package mqadmin

import (
	"maps"
	"slices"
	"strings"

	"gantry/remoting/protocol"
	"gantry/tools/admin"
)

func consumerConnection() *command {
	return &command{name: "consumerConnection", about: "Query consumer's socket connection, client version and subscription", run: (*call).consumerConnection, options: []option{
		needed("g", "consumerGroup", "consumer group name"),
		optional("b", "brokerAddr", "broker address"),
	}}
}

func (c *call) consumerConnection() (err error) {
	var members protocol.ConsumerConnection
	if c.has("b") {
		members, err = c.ConnectionsAt(c.ctx, c.value("b"), c.value("g"))
	} else {
		members, err = c.Connections(c.ctx, c.value("g"))
	}
	if err != nil {
		return err
	}
	c.printf("%-36s %-22s %-10s %s\n", "#ClientId", "#ClientAddr", "#Language", "#Version")
	for _, m := range byClientID(members.ConnectionSet) {
		c.printf("%-36s %-22s %-10s %s\n", m.ClientID, m.ClientAddr, m.Language, admin.VersionName(m.Version))
	}
	c.printf("\nBelow is subscription:\n%-20s %s\n", "#Topic", "#SubExpression")
	for _, topic := range slices.Sorted(maps.Keys(members.SubscriptionTable)) {
		s := members.SubscriptionTable[topic]
		c.printf("%-20s %s\n", s.Topic, s.SubString)
	}
	c.printf("\nConsumeType: %s\nMessageModel: %s\nConsumeFromWhere: %s\n", members.ConsumeType, members.MessageModel, members.ConsumeFromWhere)
	return nil
}

func producerConnection() *command {
	return &command{name: "producerConnection", about: "Query producer's socket connection and client version", run: (*call).producerConnection, options: []option{
		needed("g", "producerGroup", "producer group name"),
		needed("t", "topic", "topic name"),
	}}
}

func (c *call) producerConnection() error {
	producers, err := c.Producers(c.ctx, c.value("g"), c.value("t"))
	if err != nil {
		return err
	}
	for i, p := range byClientID(producers.ConnectionSet) {
		c.printf("%04d  %-32s %-22s %-8s %s\n", i+1, p.ClientID, p.ClientAddr, p.Language, admin.VersionName(p.Version))
	}
	return nil
}

func byClientID(all []protocol.Connection) []protocol.Connection {
	return slices.SortedFunc(slices.Values(all), func(x, y protocol.Connection) int { return strings.Compare(x.ClientID, y.ClientID) })
}

func getConsumerConfig() *command {
	return &command{name: "getConsumerConfig", about: "Get consumer config by subscription group name!", run: (*call).getConsumerConfig,
		options: []option{needed("g", "groupName", "subscription group name")}}
}

// getConsumerConfig prints what each shard's master, or else a slave, has of a group.
func (c *call) getConsumerConfig() error {
	info, err := c.Cluster(c.ctx)
	if err != nil {
		return err
	}
	shard := ""
	for _, b := range admin.Brokers(info) {
		if b.Name == shard {
			continue
		}
		shard = b.Name
		groups, err := c.Groups(c.ctx, b.Addr)
		if err != nil {
			return err
		}
		if g, known := groups[c.value("g")]; known {
			c.printf("=============================%s:%s=============================\n", b.Cluster, b.Name)
			c.printGroupConfig(g)
		}
	}
	return nil
}

func (c *call) printGroupConfig(g protocol.SubscriptionGroupConfig) {
	for _, row := range []struct {
		name  string
		value any
	}{
		{"groupName", g.GroupName},
		{"consumeEnable", g.ConsumeEnable},
		{"consumeFromMinEnable", g.ConsumeFromMinEnable},
		{"consumeBroadcastEnable", g.ConsumeBroadcastEnable},
		{"retryQueueNums", g.RetryQueueNums},
		{"retryMaxTimes", g.RetryMaxTimes},
		{"brokerId", g.BrokerID},
		{"whichBrokerWhenConsumeSlowly", g.WhichBrokerWhenConsumeSlowly},
		{"notifyConsumerIdsChangedEnable", g.NotifyConsumerIDsChangedEnable},
	} {
		c.printf("%-40s=  %v\n", row.name, row.value)
	}
}
