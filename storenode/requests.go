package storenode

import (
	"slices"
	"sync"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/group"
)

// request is one row of the table of codes.
type request struct {
	code   int32
	handle remoting.Handler
}

// requests is what the node answers. Inline rows touch memory only; the rest
// runs beside the connection.
func (n *Node) requests() []request {
	inline := func(a answer) remoting.Handler { return inline(n.log, a) }
	beside, search := n.background.answering, n.background.searching
	sends := &sends{log: n.log, config: n.config, storeHost: n.storeHost, topics: n.topics, groups: n.groups, delays: n.levels, store: n.store, waits: n.waits, slaves: n.slaveWaits(), repeats: n.repeats, halves: n.transactions.Load(),
		timers: n.heldTimers(), announcements: announcements{n.log, n.background, n.announce}}
	rates := group.NewRates(n.config.ReadRates)
	pulls := &pulls{log: n.log, config: n.config, topics: n.topics, groups: n.groups, members: n.members, offsets: n.offsets, store: n.store, held: n.held, background: n.background, rates: rates}
	backs := &sendBacks{log: n.log, config: n.config, topics: n.topics, groups: n.groups, delays: n.levels, store: n.store, records: n.store, background: n.background, waits: n.waits, slaves: n.slaveWaits(), repeats: n.repeats}
	ends := &endTransactions{log: n.log, store: n.store, background: n.background, waits: n.waits, slaves: n.slaveWaits(), transactions: n.transactions.Load()}
	replies := &replies{sends: sends, members: n.members, hold: n.presence.hold, store: n.config.StoreReplyMessageEnable && n.config.Role() != Slave}
	offsets := offsetRequests{offsets: n.offsets, store: n.store}
	locks := lockRequests{group.NewLocks(n.config.QueueLocks)}
	queries := queries{config: n.config, store: n.store}
	progress := progress{brokerName: n.config.BrokerName, topics: n.topics, offsets: n.offsets, members: n.members, store: n.store, rates: rates}
	connections := connections{members: n.members, offsets: n.offsets}
	asks := consumerAsk{log: n.log, brokerName: n.config.BrokerName, members: n.members, records: n.store}
	resets := consumerReset{log: n.log, brokerName: n.config.BrokerName, topics: n.topics, offsets: n.offsets, members: n.members, store: n.store}
	tools := offsetTools{topics: n.topics, offsets: n.offsets, members: n.members, store: n.store}
	admin := administration{log: n.log, topics: n.topics, groups: n.groups, announce: n.announce}
	deletes := deletions{administration: admin, slave: n.config.Role() == Slave, deleted: n.deleted, offsets: n.offsets, store: n.store}
	return []request{
		{protocol.SendMessage, sends.handle},
		{protocol.SendMessageV2, sends.handle},
		{protocol.SendBatchMessage, sends.handle},
		{protocol.ConsumerSendMsgBack, backs.handle},
		{protocol.EndTransaction, ends.handle},
		{protocol.SendReplyMessage, replies.handle},
		{protocol.SendReplyMessageV2, replies.handle},

		{protocol.PullMessage, pulls.handle},
		{protocol.LitePullMessage, pulls.handle},
		{protocol.QueryMessage, search(queries.byKey)},
		{protocol.ViewMessageByID, search(queries.byOffset)},

		{protocol.QueryConsumerOffset, inline(offsets.query)},
		{protocol.UpdateConsumerOffset, inline(offsets.update)},
		{protocol.GetMaxOffset, inline(offsets.max)},
		{protocol.GetMinOffset, inline(offsets.min)},
		{protocol.SearchOffsetByTimestamp, search(offsets.byTime)},
		{protocol.GetEarliestMsgStoreTime, search(offsets.earliest)},

		{protocol.GetTopicStatsInfo, search(progress.topicStats)},
		{protocol.GetConsumeStats, search(progress.consumeStats)},
		{protocol.QueryConsumeTimeSpan, search(progress.timeSpan)},
		{protocol.QueryCorrectionOffset, beside(tools.correction)},
		{protocol.CloneGroupOffset, beside(tools.clone)},
		{protocol.InvokeBrokerToResetOffset, search(resets.reset)},
		{protocol.InvokeBrokerToGetConsumerStatus, resets.status},
		{protocol.GetConsumerConnectionList, inline(connections.ofConsumers)},
		{protocol.GetProducerConnectionList, inline(connections.ofProducers)},
		{protocol.QueryTopicConsumeByWho, beside(connections.groupsOf)},
		{protocol.GetTopicConfig, inline(singleConfigs{n.topics, n.groups}.topic)},
		{protocol.GetSubscriptionGroupConfig, inline(singleConfigs{n.topics, n.groups}.group)},
		{protocol.GetConsumerRunningInfo, asks.runningInfo},
		{protocol.ConsumeMessageDirectly, n.background.handling(asks.consumeDirectly)},

		{protocol.HeartBeat, inline(n.presence.heartbeat)},
		{protocol.UnregisterClient, inline(n.presence.unregister)},
		{protocol.GetConsumerListByGroup, n.presence.consumerList},
		{protocol.CheckClientConfig, inline(n.presence.checkClient)},
		{protocol.LockBatchMQ, inline(locks.lock)},
		{protocol.UnlockBatchMQ, inline(locks.unlock)},

		{protocol.UpdateBrokerConfig, beside(n.updateBrokerConfig)},
		{protocol.GetBrokerConfig, inline(n.getBrokerConfig)},
		{protocol.UpdateAndCreateTopic, beside(admin.updateTopic)},
		{protocol.UpdateAndCreateSubscriptionGroup, beside(admin.updateGroup)},
		{protocol.DeleteTopicInBroker, beside(deletes.topic)},
		{protocol.DeleteSubscriptionGroup, beside(deletes.group)},
	}
}

// refuse answers what comes while the node ends. Clients before 5.x give up at
// once on a request that is answered, and after 30 s on one that is not; but what
// they would take for the truth gets no answer: an error of 14 is "no offset", one
// of 30 is 0 to Go, one of 38 an empty group.
func refuse(c *remoting.Command, to remoting.Responder) {
	switch c.Code {
	case protocol.QueryConsumerOffset, protocol.GetMaxOffset, protocol.GetConsumerListByGroup:
		to.Drop()
	default:
		to.Reply(&remoting.Response{Code: protocol.SystemError, Remark: "the broker is stopping"})
	}
}

// gate lets requests in until it is closed; then none is inside. A request that
// was let in finds everything open that it uses, also what it starts in the
// background.
type gate struct {
	mu     sync.RWMutex // guards closed; held for reading while a request is inside
	closed bool
}

// enter reports whether the request may go in; leave must follow if so.
func (g *gate) enter() bool {
	g.mu.RLock()
	if g.closed {
		g.mu.RUnlock()
		return false
	}
	return true
}

func (g *gate) leave() { g.mu.RUnlock() }

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

// handler leads each request to its row.
func (n *Node) handler() remoting.Handler {
	rows := map[int32]remoting.Handler{}
	for _, r := range slices.Concat(n.tableRequests(), n.requests(), n.roleRequests()) {
		rows[r.code] = r.handle
	}
	unknown := inline(n.log, notSupported)
	return func(c *remoting.Command, to remoting.Responder) {
		if !n.gate.enter() {
			refuse(c, to)
			return
		}
		defer n.gate.leave()
		if handle := rows[c.Code]; handle != nil {
			handle(c, to)
			return
		}
		unknown(c, to)
	}
}
