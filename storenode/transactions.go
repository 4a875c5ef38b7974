package storenode

import (
	"log/slog"
	"sync/atomic"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/commitlog"
	"gantry/storenode/group"
	"gantry/storenode/topic"
	"gantry/storenode/transaction"
)

// startTransactions is for masters: a slave has what its master decides.
func (n *Node) startTransactions() error {
	if n.config.Role() == Slave {
		return nil
	}
	checks := &transactionChecks{log: n.log, brokerName: n.config.BrokerName, members: n.members}
	s := transaction.Start(transaction.Config{
		Store: n.store, Progress: n.offsets, StoreHost: n.storeHost.addr, Levels: n.levels, Log: n.log,
		SyncFlush: flushDiskTypes[n.config.FlushDiskType] == commitlog.SyncFlush, Beside: n.background.do, Indexed: n.config.MessageIndexEnable,
		TimeOut: millis(n.config.TransactionTimeOutMillis), CheckInterval: millis(n.config.TransactionCheckIntervalMillis),
		CheckMax: n.config.TransactionCheckMax, FileReservedTime: func() time.Duration { return time.Duration(n.config.now().FileReservedHours) * time.Hour },
		Online: checks.online, Ask: checks.ask, Hold: n.heldTimers().holdCommitted, MakeTopic: n.makeTransactionTopic,
		Ends: n.config.EndingTransactions, Pages: n.config.TransactionPages,
	})
	n.transactions.Store(s)
	n.opened = append(n.opened, s.Close)
	return nil
}

func (n *Node) makeTransactionTopic(name string, queues int32) error {
	_, err := n.topics.CreateInSendBack(name, queues, topic.PermReadWrite, 0)
	return err
}

// transactionChecks asks producers about transactions that nobody has ended: code
// 39. Each time another member of the group is asked, over whichever session it
// has; what it says comes as an END_TRANSACTION.
type transactionChecks struct {
	log        *slog.Logger
	brokerName string
	members    *group.Members
	turn       atomic.Uint64
}

func (t *transactionChecks) online(group string) bool { return len(t.members.Producers(group)) > 0 }

func (t *transactionChecks) ask(group string, half *message.Message) {
	body, err := message.AppendRecord(nil, half)
	if err != nil {
		t.log.Error("transaction not checked", "group", group, "err", err)
		return
	}
	id := string(half.Properties.Get(message.PropertyUniqKey))
	request := &remoting.Request{Code: protocol.CheckTransactionState, Body: body, Header: protocol.CheckTransactionStateRequest{
		TranStateTableOffset: half.QueueOffset, CommitLogOffset: half.PhysicalOffset, MsgID: id, TransactionID: id,
		OffsetMsgID: message.OffsetID(half.StoreHost, half.PhysicalOffset), BrokerName: t.brokerName,
	}}
	members := t.members.Producers(group)
	first := int(t.turn.Add(1) % uint64(max(1, len(members))))
	for i := range members {
		m := members[(first+i)%len(members)]
		if err = tell(m, request); err == nil {
			return
		}
	}
	t.log.Warn("transaction not checked: no producer can be asked", "group", group, "topic", half.Topic, "transaction_id", id, "err", err)
}
