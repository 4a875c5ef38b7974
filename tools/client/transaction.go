package client

import (
	"context"
	"fmt"
	"sync/atomic"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

// TransactionState is what became of a local transaction, in the order of Java's
// LocalTransactionState.
type TransactionState byte

const (
	CommitMessage TransactionState = iota
	RollbackMessage
	UnknownState // brokers ask again
)

// String is Java's name.
func (s TransactionState) String() string {
	return [...]string{CommitMessage: "COMMIT_MESSAGE", RollbackMessage: "ROLLBACK_MESSAGE", UnknownState: "UNKNOW"}[s]
}

// bits are the state in END_TRANSACTION.
func (s TransactionState) bits() int32 {
	return [...]int32{CommitMessage: message.FlagTransactionCommit, RollbackMessage: message.FlagTransactionRollback, UnknownState: 0}[s]
}

// TransactionProducer sends half messages and ends them (TransactionMQProducer).
// Its methods may be called from any goroutine.
type TransactionProducer struct {
	producer *Producer
	check    func(*Received) TransactionState
	asked    chan transactionCheck
	known    atomic.Bool // brokers were told of the group
}

// checksWaiting bounds the questions of brokers that wait for check; what comes
// above is dropped, since brokers ask again.
const checksWaiting = 2000

// TransactionProducer makes a producer of transactional messages. Brokers that
// miss the end of a transaction ask check, which is called from one goroutine
// until the client closes. A second one of a group takes the first one's place.
func (c *Client) TransactionProducer(config ProducerConfig, check func(*Received) TransactionState) *TransactionProducer {
	p := &TransactionProducer{producer: c.Producer(config), check: check, asked: make(chan transactionCheck, checksWaiting)}
	c.mu.Lock()
	c.transactions[config.Group] = p
	c.mu.Unlock()
	c.running.Go(p.answerChecks)
	return p
}

// Send stores m as a half message, has execute carry out the local transaction and
// tells the broker what became of it, without waiting. What is stored with less
// than the durability asked for (its Status) is rolled back unexecuted, as Java
// does. m's delay does not count. The error is that of the half message.
func (p *TransactionProducer) Send(ctx context.Context, m *Message, execute func(*Message) TransactionState) (SendResult, TransactionState, error) {
	f, err := p.prepareHalf(m)
	if err != nil {
		return SendResult{}, UnknownState, err
	}
	result, err := p.producer.sendRetrying(ctx, f)
	if err != nil {
		return result, UnknownState, err
	}
	c := p.producer.client
	if p.known.CompareAndSwap(false, true) { // or nobody could be asked before the next heartbeat
		c.beat(ctx)
	}
	state := RollbackMessage
	if result.Status == protocol.Success {
		state = execute(m)
	}
	if err := p.end(ctx, result, state); err != nil {
		c.config.Log.Warn("transaction not ended", "msg_id", result.MsgID, "state", state, "err", err)
	}
	return result, state, nil
}

func (p *TransactionProducer) prepareHalf(m *Message) (*forward, error) {
	half := *m
	half.DelayLevel = 0
	f, err := p.producer.prepare(&half)
	if err != nil {
		return nil, err
	}
	f.head.SysFlag |= message.FlagTransactionPrepared
	f.head.Properties = message.AppendPair(f.head.Properties, message.PropertyTransactionMessage, "true")
	f.head.Properties = message.AppendPair(f.head.Properties, message.PropertyProducerGroup, p.producer.group)
	return f, nil
}

// end tells the shard that has the half message how it ends.
func (p *TransactionProducer) end(ctx context.Context, half SendResult, state TransactionState) error {
	_, offset, err := message.ParseOffsetID(half.OffsetMsgID)
	if err != nil {
		return err
	}
	c := p.producer.client
	target, err := c.shard(ctx, half.Queue)
	if err != nil {
		return err
	}
	return c.Oneway(ctx, target.Addr(0), &remoting.Request{Code: protocol.EndTransaction, Header: protocol.EndTransactionRequest{
		ProducerGroup: p.producer.config.Group, TranStateTableOffset: half.QueueOffset, CommitLogOffset: offset,
		CommitOrRollback: state.bits(), MsgID: half.MsgID, TransactionID: half.TransactionID, BrokerName: half.Queue.BrokerName,
	}})
}

// shard is any queue of a message's shard.
func (c *Client) shard(ctx context.Context, of protocol.MessageQueue) (*Target, error) {
	route, err := c.Route(ctx, of.Topic)
	if err != nil {
		return nil, err
	}
	for i := range route.Publish {
		if t := &route.Publish[i]; t.BrokerName == of.BrokerName {
			return t, nil
		}
	}
	return nil, fmt.Errorf("shard of %s: %w", of, ErrNoQueues)
}
