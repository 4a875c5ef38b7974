package mqadmin

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gantry/remoting/protocol"
)

func updateTopic() *command {
	return &command{name: "updateTopic", about: "Update or create topic", run: (*call).updateTopic, oneOf: []string{"b", "c"}, grouped: true, options: []option{
		optional("b", "brokerAddr", "create topic to which broker"),
		optional("c", "clusterName", "create topic to which cluster"),
		needed("t", "topic", "topic name"),
		optional("r", "readQueueNums", "set read queue nums"),
		optional("w", "writeQueueNums", "set write queue nums"),
		optional("p", "perm", "set topic's permission(2|4|6), intro[2:W 4:R; 6:RW]"),
		optional("o", "order", "set topic's order(true|false)"),
		optional("u", "unit", "is unit topic (true|false)"),
		optional("s", "hasUnitSub", "has unit sub (true|false)"),
	}}
}

// topicOfOptions reads the topic that the options describe.
func (c *call) topicOfOptions() (t protocol.TopicConfig, err error) {
	t = protocol.NewTopicConfig(c.value("t"))
	t.ReadQueueNums, t.WriteQueueNums = 8, 8
	number(c, "r", &t.ReadQueueNums, &err)
	number(c, "w", &t.WriteQueueNums, &err)
	number(c, "p", &t.Perm, &err)
	unit, unitSub := false, false
	truth(c, "u", &unit)
	truth(c, "s", &unitSub)
	truth(c, "o", &t.Order)
	if unit {
		t.TopicSysFlag |= protocol.SysFlagUnit
	}
	if unitSub {
		t.TopicSysFlag |= protocol.SysFlagUnitSub
	}
	return t, err
}

func (c *call) updateTopic() error {
	t, err := c.topicOfOptions()
	if err != nil {
		return err
	}
	brokers, err := c.targets()
	if err != nil {
		return err
	}
	for _, b := range brokers {
		if err := c.UpdateTopic(c.ctx, b.Addr, t); err != nil {
			return err
		}
		c.printf("create topic to %s success.\n", b.Addr)
	}
	if t.Order {
		if err := c.setOrder(t); err != nil {
			return err
		}
	}
	c.printf("%s\n", topicText(t))
	return nil
}

// setOrder tells name servers the queues of an ordered topic: those of the broker
// that -b names, beside what others have, or those of the whole cluster.
func (c *call) setOrder(t protocol.TopicConfig) error {
	queues := ":" + strconv.Itoa(int(t.WriteQueueNums))
	if c.has("b") {
		b, err := c.BrokerAt(c.ctx, c.value("b"))
		if err == nil {
			err = c.SetOrder(c.ctx, t.TopicName, b.Name+queues, false)
		}
		if err == nil {
			c.printf("set broker orderConf. isOrder=%t, orderConf=[%s]\n", t.Order, b.Name+queues)
		}
		return err
	}
	brokers, err := c.ClusterBrokers(c.ctx, c.value("c"))
	if err != nil {
		return err
	}
	var parts []string
	for _, b := range brokers {
		if part := b.Name + queues; !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	conf := strings.Join(parts, ";")
	if err := c.SetOrder(c.ctx, t.TopicName, conf, true); err != nil {
		return err
	}
	c.printf("set cluster orderConf. isOrder=%t, orderConf=[%s]\n", t.Order, conf)
	return nil
}

func updateTopicPerm() *command {
	return &command{name: "updateTopicPerm", about: "Update topic perm", run: (*call).updateTopicPerm, oneOf: []string{"b", "c"}, options: []option{
		optional("b", "brokerAddr", "create topic to which broker"),
		optional("c", "clusterName", "create topic to which cluster"),
		needed("t", "topic", "topic name"),
		needed("p", "perm", "set topic's permission(2|4|6), intro[2:W; 4:R; 6:RW]"),
	}}
}

// updateTopicPerm writes the topic as its route has it first, with another permission.
func (c *call) updateTopicPerm() (err error) {
	t := protocol.NewTopicConfig(c.value("t"))
	if number(c, "p", &t.Perm, &err); err != nil {
		return err
	}
	route, err := c.Route(c.ctx, t.TopicName)
	if err != nil {
		return err
	}
	if len(route.QueueDatas) == 0 {
		return errors.New("the topic has no queues")
	}
	first := route.QueueDatas[0]
	t.ReadQueueNums, t.WriteQueueNums, t.TopicSysFlag = first.ReadQueueNums, first.WriteQueueNums, first.TopicSysFlag
	if c.has("b") {
		return c.updatePermAt(route, t)
	}
	masters, err := c.Masters(c.ctx, c.value("c"))
	if err != nil {
		return err
	}
	for _, b := range masters {
		if err := c.UpdateTopic(c.ctx, b.Addr, t); err != nil {
			return err
		}
		c.printf("update topic perm from %d to %d in %s success.\n", first.Perm, t.Perm, b.Addr)
	}
	return nil
}

func (c *call) updatePermAt(route protocol.TopicRouteData, t protocol.TopicConfig) error {
	addr := c.value("b")
	at := slices.IndexFunc(route.BrokerDatas, func(b protocol.BrokerData) bool { return b.BrokerAddrs[0] == addr })
	if at < 0 {
		return errors.New("updateTopicPerm error broker not exit or broker is not master!")
	}
	before := int32(0)
	for _, q := range route.QueueDatas {
		if q.BrokerName == route.BrokerDatas[at].BrokerName {
			before = q.Perm
		}
	}
	if before == t.Perm {
		c.printf("new perm equals to the old one!\n")
		return nil
	}
	if err := c.UpdateTopic(c.ctx, addr, t); err != nil {
		return err
	}
	c.printf("update topic perm from %d to %d in %s success.\n%s.\n", before, t.Perm, addr, topicText(t))
	return nil
}

func topicClusterList() *command {
	return &command{name: "topicClusterList", about: "get cluster info for topic", run: (*call).topicClusterList,
		options: []option{needed("t", "topic", "topic name")}}
}

func (c *call) topicClusterList() error {
	info, err := c.Cluster(c.ctx)
	if err != nil {
		return err
	}
	route, err := c.Route(c.ctx, c.value("t"))
	if err != nil || len(route.BrokerDatas) == 0 {
		return err
	}
	for _, cluster := range slices.Sorted(maps.Keys(info.ClusterAddrTable)) {
		if slices.Contains(info.ClusterAddrTable[cluster], route.BrokerDatas[0].BrokerName) {
			c.printf("%s\n", cluster)
		}
	}
	return nil
}

func deleteTopic() *command {
	return &command{name: "deleteTopic", about: "Delete topic from broker and NameServer.", options: []option{
		needed("t", "topic", "topic name"),
		needed("c", "clusterName", "delete topic from which cluster"),
	}, run: func(c *call) error { return c.deleteTopic(c.value("t")) }}
}

func (c *call) deleteTopic(topic string) error {
	cluster := c.value("c")
	masters, err := c.Masters(c.ctx, cluster)
	if err != nil {
		return err
	}
	for _, b := range masters {
		if err := c.DeleteTopic(c.ctx, b.Addr, topic); err != nil {
			return err
		}
	}
	c.printf("delete topic [%s] from cluster [%s] success.\n", topic, cluster)
	var errs []error
	for _, namesrv := range c.NameServers() {
		errs = append(errs, c.ForgetTopic(c.ctx, namesrv, topic, cluster))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	c.printf("delete topic [%s] from NameServer success.\n", topic)
	return nil
}

func topicList() *command {
	return &command{name: "topicList", about: "Fetch all topic list from name server", run: (*call).topicList,
		options: []option{flag("c", "clusterModel", "clusterModel")}}
}

func (c *call) topicList() error {
	topics, err := c.Topics(c.ctx)
	if err != nil {
		return err
	}
	if !c.has("c") {
		for _, t := range topics {
			c.printf("%s\n", t)
		}
		return nil
	}
	c.printf("%-20s  %-48s  %-48s\n", "#Cluster Name", "#Topic", "#Consumer Group")
	for _, t := range topics {
		if !strings.HasPrefix(t, "%RETRY%") && !strings.HasPrefix(t, "%DLQ%") {
			c.printConsumers(t)
		}
	}
	return nil
}

// printConsumers prints a row for each group of a topic, one where there is none.
func (c *call) printConsumers(topic string) {
	cluster := ""
	if route, err := c.Route(c.ctx, topic); err == nil && len(route.BrokerDatas) > 0 {
		cluster = route.BrokerDatas[0].Cluster
	}
	groups, err := c.Consumers(c.ctx, topic)
	if err != nil || len(groups) == 0 {
		groups = []string{""}
	}
	for _, g := range groups {
		c.printf("%-20s  %-64s  %-64s\n", front(cluster, 20), front(topic, 64), front(g, 64))
	}
}

func topicStatus() *command {
	return &command{name: "topicStatus", about: "Examine topic Status info", run: (*call).topicStatus,
		options: []option{needed("t", "topic", "topic name")}}
}

func (c *call) topicStatus() error {
	stats, err := c.TopicStats(c.ctx, c.value("t"))
	if err != nil {
		return err
	}
	c.printf("%-32s  %-4s  %-20s  %-20s    %s\n", "#Broker Name", "#QID", "#Min Offset", "#Max Offset", "#Last Updated")
	for _, q := range sorted(stats) {
		o, updated := stats[q], ""
		if o.LastUpdateTimestamp > 0 {
			updated = human(o.LastUpdateTimestamp)
		}
		c.printf("%-32s  %-4d  %-20d  %-20d    %s\n", front(q.BrokerName, 32), q.QueueID, o.MinOffset, o.MaxOffset, updated)
	}
	return nil
}

// sorted are a table's queues by topic, shard and number.
func sorted[V any](t protocol.QueueTable[V]) []protocol.MessageQueue {
	return slices.SortedFunc(maps.Keys(t), func(x, y protocol.MessageQueue) int {
		return cmp.Or(cmp.Compare(x.Topic, y.Topic), cmp.Compare(x.BrokerName, y.BrokerName), cmp.Compare(x.QueueID, y.QueueID))
	})
}
