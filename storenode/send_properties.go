package storenode

import (
	"strconv"

	"gantry/remoting"
	"gantry/remoting/message"
)

// propertyFacts is what a send's properties ask of the server.
type propertyFacts struct {
	wait          bool // WAIT: the answer waits for the disk
	transactional bool // TRAN_MSG
	delayLevel    int  // DELAY, 0 for none
	timer         bool // a TIMER property: it may be to come later
}

// storedProperties builds the properties that are written: the client's without
// WAIT, and with CLUSTER. A DELAY that is no number is refused, as in Java.
func (p *put) storedProperties(sent message.Properties, cluster string) (propertyFacts, error) {
	facts := propertyFacts{wait: true}
	var notNumber error
	p.props = p.props[:0]
	sent.Range(func(name, value []byte) bool {
		switch string(name) {
		case message.PropertyWait:
			facts.wait = isTrue(value)
			return true
		case message.PropertyCluster:
			return true
		case message.PropertyTransactionMessage:
			facts.transactional = isTrue(value)
		case message.PropertyTimerDelaySec, message.PropertyTimerDelayMs, message.PropertyTimerDeliverMs:
			facts.timer = true
		case message.PropertyDelay:
			if facts.delayLevel, notNumber = strconv.Atoi(string(value)); notNumber != nil {
				notNumber = &remoting.FieldError{Key: message.PropertyDelay, Value: string(value), Reason: "not a number"}
			}
		}
		p.props = message.AppendPair(p.props, name, value)
		return true
	})
	p.props = message.AppendPair(p.props, message.PropertyCluster, cluster)
	return facts, notNumber
}

// withoutTimes is p without a time of its own (HookUtils.checkIfTimerMessage 5.3.3): a delay level comes first.
func (f propertyFacts) withoutTimes(p message.Properties) message.Properties {
	if !f.timer {
		return p
	}
	return p.Delete(message.PropertyTimerDelaySec).Delete(message.PropertyTimerDelayMs).Delete(message.PropertyTimerDeliverMs)
}

// isTrue is Java's Boolean.parseBoolean.
func isTrue(value []byte) bool {
	return len(value) == 4 && value[0]|0x20 == 't' && value[1]|0x20 == 'r' && value[2]|0x20 == 'u' && value[3]|0x20 == 'e'
}
