package mqadmin

import (
	"errors"
	"strings"
	"time"

	"gantry/remoting/protocol"
	"gantry/tools/admin"
)

func updateSubGroup() *command {
	return &command{name: "updateSubGroup", about: "Update or create subscription group", run: (*call).updateSubGroup, oneOf: []string{"b", "c"}, options: []option{
		optional("b", "brokerAddr", "create subscription group to which broker"),
		optional("c", "clusterName", "create subscription group to which cluster"),
		needed("g", "groupName", "consumer group name"),
		optional("s", "consumeEnable", "consume enable"),
		optional("m", "consumeFromMinEnable", "from min offset"),
		optional("d", "consumeBroadcastEnable", "broadcast"),
		optional("q", "retryQueueNums", "retry queue nums"),
		optional("r", "retryMaxTimes", "retry max times"),
		optional("i", "brokerId", "consumer from which broker id"),
		optional("w", "whichBrokerWhenConsumeSlowly", "which broker id when consume slowly"),
		optional("a", "notifyConsumerIdsChanged", "notify consumerId changed"),
	}}
}

func (c *call) updateSubGroup() (err error) {
	g := protocol.NewSubscriptionGroupConfig(c.value("g"))
	g.ConsumeBroadcastEnable, g.ConsumeFromMinEnable = false, false
	truth(c, "s", &g.ConsumeEnable)
	truth(c, "m", &g.ConsumeFromMinEnable)
	truth(c, "d", &g.ConsumeBroadcastEnable)
	truth(c, "a", &g.NotifyConsumerIDsChangedEnable)
	number(c, "q", &g.RetryQueueNums, &err)
	number(c, "r", &g.RetryMaxTimes, &err)
	number(c, "i", &g.BrokerID, &err)
	number(c, "w", &g.WhichBrokerWhenConsumeSlowly, &err)
	if err != nil {
		return err
	}
	brokers, err := c.targets()
	errs := []error{err}
	for _, b := range brokers {
		err := c.UpdateGroup(c.ctx, b.Addr, g)
		if err == nil {
			c.printf("create subscription group to %s success.\n", b.Addr)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	c.printf("%s\n", groupText(g))
	return nil
}

func deleteSubGroup() *command {
	return &command{name: "deleteSubGroup", about: "Delete subscription group from broker.", run: (*call).deleteSubGroup, oneOf: []string{"b", "c"}, options: []option{
		optional("b", "brokerAddr", "delete subscription group from which broker"),
		optional("c", "clusterName", "delete subscription group from which cluster"),
		needed("g", "groupName", "subscription group name"),
		optional("r", "removeOffset", "remove offset"),
	}}
}

func (c *call) deleteSubGroup() error {
	group, withOffsets := c.value("g"), false
	truth(c, "r", &withOffsets)
	brokers, err := c.targets()
	if err != nil {
		return err
	}
	for _, b := range brokers {
		if err := c.DeleteGroup(c.ctx, b.Addr, group, withOffsets); err != nil {
			return err
		}
		if c.has("b") {
			c.printf("delete subscription group [%s] from broker [%s] success.\n", group, b.Addr)
		} else {
			c.printf("delete subscription group [%s] from broker [%s] in cluster [%s] success.\n", group, b.Addr, b.Cluster)
		}
	}
	if c.has("b") {
		return nil
	}
	return errors.Join(c.deleteTopic(admin.RetryTopic(group)), c.deleteTopic(admin.DeadTopic(group)))
}

func resetOffsetByTime() *command {
	return &command{name: "resetOffsetByTime", about: "Reset consumer offset by timestamp(without client restart).", run: (*call).resetOffsetByTime, options: []option{
		needed("g", "group", "set the consumer group"),
		needed("t", "topic", "set the topic"),
		needed("s", "timestamp", "set the timestamp[now|currentTimeMillis|yyyy-MM-dd#HH:mm:ss:SSS]"),
		optional("f", "force", "set the force rollback by timestamp switch[true|false]"),
		flag("c", "cplus", "reset c++ client offset"),
	}}
}

func (c *call) resetOffsetByTime() (err error) {
	group, topic, typed, force := c.value("g"), c.value("t"), c.value("s"), true
	truth(c, "f", &force)
	at := int64(-1)
	if typed != "now" {
		if at, err = c.moment("s"); err != nil {
			return err
		}
	}
	moved, err := c.ResetOnline(c.ctx, group, topic, at, force)
	if admin.Has(err, protocol.ConsumerNotOnline) {
		return c.resetOffline(group, topic, typed, at, force)
	}
	if err != nil {
		return err
	}
	c.printf("rollback consumer offset by specified group[%s], topic[%s], force[%t], timestamp(string)[%s], timestamp(long)[%d]\n", group, topic, force, typed, at)
	c.printMoved(moved)
	return nil
}

func (c *call) printMoved(moved protocol.QueueTable[int64]) {
	c.printf("%-40s  %-40s  %-40s\n", "#brokerName", "#queueId", "#offset")
	for _, q := range sorted(moved) {
		c.printf("%-40s  %-40d  %-40d\n", front(q.BrokerName, 32), q.QueueID, moved[q])
	}
}

func (c *call) resetOffline(group, topic, typed string, at int64, force bool) error {
	all, err := c.ResetOffline(c.ctx, group, topic, at, force)
	if err != nil {
		return err
	}
	c.printf("rollback consumer offset by specified consumerGroup[%s], topic[%s], force[%t], timestamp(string)[%s], timestamp(long)[%d]\n", group, topic, force, typed, at)
	c.printRollback(all)
	return nil
}

func (c *call) printRollback(all []admin.Reset) {
	c.printf("%-20s  %-20s  %-20s  %-20s  %-20s  %-20s\n", "#brokerName", "#queueId", "#brokerOffset", "#consumerOffset", "#timestampOffset", "#rollbackOffset")
	for _, r := range all {
		c.printf("%-20s  %-20d  %-20d  %-20d  %-20d  %-20d\n", front(r.Queue.BrokerName, 32), r.Queue.QueueID, r.Broker, r.Before, r.ByTime, r.Now)
	}
}

func skipAccumulatedMessage() *command {
	return &command{name: "skipAccumulatedMessage", about: "Skip all messages that are accumulated (not consumed) currently", run: (*call).skipAccumulatedMessage, options: []option{
		needed("g", "group", "set the consumer group"),
		needed("t", "topic", "set the topic"),
		optional("f", "force", "set the force rollback by timestamp switch[true|false]"),
	}}
}

func (c *call) skipAccumulatedMessage() error {
	const end = -1
	force := true
	truth(c, "f", &force)
	moved, err := c.ResetOnline(c.ctx, c.value("g"), c.value("t"), end, force)
	if admin.Has(err, protocol.ConsumerNotOnline) {
		all, err := c.ResetOffline(c.ctx, c.value("g"), c.value("t"), end, force)
		if err == nil {
			c.printRollback(all)
		}
		return err
	}
	if err == nil {
		c.printMoved(moved)
	}
	return err
}

func consumerProgress() *command {
	return &command{name: "consumerProgress", about: "Query consumers's progress, speed", run: (*call).consumerProgress, options: []option{
		optional("g", "groupName", "consumer group name"),
		optional("s", "showClientIP", "Show Client IP per Queue"),
	}}
}

func (c *call) consumerProgress() error {
	if c.has("g") {
		return c.groupProgress(c.value("g"))
	}
	topics, err := c.Topics(c.ctx)
	if err != nil {
		return err
	}
	c.printf("%-64s  %-6s  %-24s %-5s  %-14s  %-7s  %s\n", "#Group", "#Count", "#Version", "#Type", "#Model", "#TPS", "#Diff Total")
	for _, t := range topics {
		if group, is := strings.CutPrefix(t, "%RETRY%"); is {
			c.printGroup(group)
		}
	}
	return nil
}

// printGroup prints a group's row; what cannot be found out counts as nothing.
func (c *call) printGroup(group string) {
	progress, _ := c.ConsumeStats(c.ctx, group)
	members, _ := c.Connections(c.ctx, group)
	count, version, kind, model := len(members.ConnectionSet), "OFFLINE", "", ""
	if count > 0 {
		version, kind = admin.VersionName(oldest(members)), "PULL"
		if members.ConsumeType == protocol.ConsumePassively {
			kind, model = "PUSH", members.MessageModel
		}
	}
	c.printf("%-64s  %-6d  %-24s %-5s  %-14s  %-7d  %d\n", front(group, 64), count, version, kind, model, int(progress.ConsumeTps), behind(progress))
}

func oldest(members protocol.ConsumerConnection) int32 {
	lowest := members.ConnectionSet[0].Version
	for _, m := range members.ConnectionSet {
		lowest = min(lowest, m.Version)
	}
	return lowest
}

func behind(progress protocol.ConsumeStats) (total int64) {
	for _, o := range progress.OffsetTable {
		total += o.BrokerOffset - o.ConsumerOffset
	}
	return total
}

func (c *call) groupProgress(group string) error {
	progress, err := c.ConsumeStats(c.ctx, group)
	if err != nil {
		return err
	}
	owners := map[protocol.MessageQueue]string{}
	clients := false
	truth(c, "s", &clients)
	if clients {
		owners = c.Owners(c.ctx, group)
		c.printf("%-64s  %-32s  %-4s  %-20s  %-20s  %-20s %-20s  %s\n", "#Topic", "#Broker Name", "#QID", "#Broker Offset", "#Consumer Offset", "#Client IP", "#Diff", "#LastTime")
	} else {
		c.printf("%-64s  %-32s  %-4s  %-20s  %-20s  %-20s  %s\n", "#Topic", "#Broker Name", "#QID", "#Broker Offset", "#Consumer Offset", "#Diff", "#LastTime")
	}
	for _, q := range sorted(progress.OffsetTable) {
		o, last := progress.OffsetTable[q], "N/A"
		if o.LastTimestamp != 0 {
			last = time.UnixMilli(o.LastTimestamp).Local().Format("2006-01-02 15:04:05")
		}
		c.printf("%-64s  %-32s  %-4d  %-20d  %-20d  ", front(q.Topic, 64), front(q.BrokerName, 32), q.QueueID, o.BrokerOffset, o.ConsumerOffset)
		if clients {
			owner := owners[q]
			if owner == "" {
				owner = "N/A"
			}
			c.printf("%-20s %-20d  %s\n", owner, o.BrokerOffset-o.ConsumerOffset, last)
		} else {
			c.printf("%-20d  %s\n", o.BrokerOffset-o.ConsumerOffset, last)
		}
	}
	c.printf("\nConsume TPS: %.2f\nDiff Total: %d\n", progress.ConsumeTps, behind(progress))
	return nil
}
