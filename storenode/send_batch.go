package storenode

import (
	"errors"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

// encodeBatch makes one record of each inner message of a send that says it is a
// batch: all for one queue, appended together (asyncPutMessages). The header's
// properties are added to each message's own.
func (s *sends) encodeBatch(p *put, h *protocol.SendMessageRequest) error {
	facts, err := p.storedProperties(h.Properties, s.config.BrokerClusterName)
	if err != nil {
		return err
	}
	if facts.delayLevel > 0 || len(p.message.Body) > s.config.now().MaxMessageBytes {
		return s.illegal()
	}
	p.request.Wait = facts.wait
	shared, body := p.props, p.message.Body
	records := p.request.Records[:0]
	var properties message.Properties
	for inner, err := range message.SplitBatch(body) {
		if err != nil {
			return protocol.Errorf(protocol.MessageIllegal, "%v", err)
		}
		properties = append(properties[:0], inner.Properties...).AppendProperties(shared)
		p.message.Flag, p.message.Body, p.message.Properties = inner.Flag, inner.Body, properties
		if records, err = message.AppendRecord(records, &p.message); errors.Is(err, message.ErrPropertiesTooLong) {
			return s.illegal()
		} else if err != nil {
			return err
		}
	}
	if len(records) == 0 {
		return protocol.Errorf(protocol.MessageIllegal, "the batch holds no message")
	}
	p.request.Records = records
	return nil
}
