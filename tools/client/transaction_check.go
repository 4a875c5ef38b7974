package client

import (
	"fmt"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

// transactionCheck is a broker's question what became of a half message.
type transactionCheck struct {
	from    *remoting.Channel
	header  protocol.CheckTransactionStateRequest
	message Received
}

// transactionAsked leaves a broker's question to the producer of the half message's group.
func (c *Client) transactionAsked(cmd *remoting.Command, from *remoting.Channel) {
	check, err := readCheck(cmd)
	if err != nil {
		c.config.Log.Warn("transaction check not read", "remote_addr", from.Remote, "err", err)
		return
	}
	group := string(check.message.Properties.Get(message.PropertyProducerGroup))
	c.mu.Lock()
	p := c.transactions[group]
	c.mu.Unlock()
	if p == nil {
		c.config.Log.Warn("transaction check of another group", "group", group)
		return
	}
	check.from = from
	select {
	case p.asked <- check:
	default:
		c.config.Log.Warn("transaction check dropped: too many wait", "msg_id", check.message.MsgID())
	}
}

func readCheck(cmd *remoting.Command) (check transactionCheck, err error) {
	cmd = cmd.Clone()
	if err := check.header.Decode(cmd.Ext); err != nil {
		return check, err
	}
	all, err := Records(cmd.Body, protocol.MessageQueue{BrokerName: check.header.BrokerName})
	if err != nil {
		return check, err
	}
	if len(all) != 1 {
		return check, fmt.Errorf("it comes with %d messages", len(all))
	}
	check.message = all[0]
	return check, nil
}

func (p *TransactionProducer) answerChecks() {
	for {
		select {
		case <-p.producer.client.ctx.Done():
			return
		case asked := <-p.asked:
			p.answer(asked)
		}
	}
}

// answer tells who asked, over the connection that the question came by.
func (p *TransactionProducer) answer(asked transactionCheck) {
	state := p.check(&asked.message)
	c := p.producer.client
	err := asked.from.Oneway(c.outgoing(&remoting.Request{Code: protocol.EndTransaction, Header: protocol.EndTransactionRequest{
		ProducerGroup: p.producer.config.Group, TranStateTableOffset: asked.header.TranStateTableOffset,
		CommitLogOffset: asked.header.CommitLogOffset, CommitOrRollback: state.bits(), FromTransactionCheck: true,
		MsgID: asked.message.MsgID(), TransactionID: asked.header.TransactionID, BrokerName: asked.header.BrokerName,
	}}))
	if err != nil {
		c.config.Log.Warn("transaction check not answered", "msg_id", asked.message.MsgID(), "state", state, "err", err)
	}
}
