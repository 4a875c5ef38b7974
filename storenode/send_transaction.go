package storenode

import (
	"bytes"
	"strconv"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/topic"
)

// Half messages: sends with TRAN_MSG (TransactionalMessageBridge 4.9.7). Nobody
// sees one until END_TRANSACTION commits it. Different: the answer has the
// transaction's id, as that of 5.x; one that asks for a delay waits for it from
// its commit on (Java loses it).

// halves is what sends know of transactions.
type halves interface {
	// Room says why no more half messages can be taken.
	Room() error
}

// mayBeHalf is false for what a consumer failed on and sends itself: clients
// before 4.6.1 leave the marks of a transaction in it.
func (p *put) mayBeHalf(h *protocol.SendMessageRequest) bool {
	if !bytes.HasPrefix(h.Topic, []byte(topic.RetryPrefix)) {
		return true
	}
	p.message.SysFlag &^= message.FlagTransactionMask
	return false
}

// encodeHalf leads a send to the half messages; its own topic and queue are in
// the properties.
func (s *sends) encodeHalf(p *put, facts propertyFacts) error {
	if facts.timer && facts.delayLevel == 0 {
		if err := s.checkTimer(p); err != nil {
			return err
		}
	}
	if err := s.halves.Room(); err != nil {
		return protocol.Errorf(protocol.SystemBusy, "transactional messages are not taken: %v", err)
	}
	m := &p.message
	m.SysFlag &^= message.FlagTransactionMask
	m.Properties = m.Properties.Set(message.PropertyRealTopic, m.Topic)
	m.Properties = m.Properties.Set(message.PropertyRealQueueID, strconv.Itoa(int(m.QueueID)))
	m.Topic, m.QueueID = topic.TransHalfTopic, 0
	if id := m.Properties.Get(message.PropertyUniqKey); len(id) > 0 {
		p.header.TransactionID = id
	}
	p.props = m.Properties
	return s.encode(p)
}
