package timer

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"gantry/remoting/message"
	"gantry/storenode/topic"
)

// errNotDeliverable is wrapped where a record of Topic can never be delivered.
var errNotDeliverable = errors.New("timer message cannot be delivered")

// restore makes of a record of Topic the message that its producer sent (TimerMessageStore.convert 5.3.3): its own topic
// and queue, when it came and went in TIMER_ENQUEUE_MS and TIMER_DEQUEUE_MS. REAL_TOPIC and REAL_QID stay, as 5.3.3 leaves
// them: it clears them after it has made the property text. Error: errNotDeliverable.
func (r Rules) restore(record []byte, nowMillis int64) (*message.Message, error) {
	m, _, err := message.Decode(record)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotDeliverable, err)
	}
	real := m.Properties.Get(message.PropertyRealTopic)
	queueID, err := strconv.ParseInt(string(m.Properties.Get(message.PropertyRealQueueID)), 10, 32)
	switch {
	case topic.ValidateSend(real) != nil || string(real) == Topic:
		return nil, fmt.Errorf("%w: %s is %q", errNotDeliverable, message.PropertyRealTopic, real)
	case err != nil || queueID < 0:
		return nil, fmt.Errorf("%w: %s is %q", errNotDeliverable, message.PropertyRealQueueID, m.Properties.Get(message.PropertyRealQueueID))
	case m.Properties.Has(message.PropertyTimerDelUniqKey):
		return nil, fmt.Errorf("%w: it is there to delete another", errNotDeliverable)
	}
	m.Topic, m.QueueID = string(real), int32(queueID)
	m.Properties = r.stamped(m.Properties, m.StoreTimestamp, nowMillis)
	forget(&m)
	return &m, nil
}

// again makes of a record of Topic the message that is put there once more (needRoll in 5.3.3). Error: errNotDeliverable.
func (r Rules) again(record []byte, nowMillis int64) (*message.Message, error) {
	m, _, err := message.Decode(record)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotDeliverable, err)
	}
	times, _ := strconv.Atoi(string(m.Properties.Get(message.PropertyTimerRollTimes)))
	p := r.stamped(m.Properties, m.StoreTimestamp, nowMillis)
	if rolled := p.Set(message.PropertyTimerRollTimes, strconv.Itoa(times+1)); len(rolled) <= math.MaxInt16 {
		p = rolled
	}
	m.Properties = p
	forget(&m)
	return &m, nil
}

// stamped says when the message was stored and taken out, where there is room for it.
func (r Rules) stamped(p message.Properties, storeMillis, nowMillis int64) message.Properties {
	precision := r.precision()
	with := p.Clone(64).Set(message.PropertyTimerEnqueueMs, strconv.FormatInt(storeMillis/precision*precision, 10))
	with = with.Set(message.PropertyTimerDequeueMs, strconv.FormatInt(nowMillis, 10))
	if len(with) > math.MaxInt16 {
		return p
	}
	return with
}

// forget clears what the appender gives.
func forget(m *message.Message) {
	m.QueueOffset, m.PhysicalOffset, m.StoreTimestamp, m.PreparedTransactionOffset = 0, 0, 0, 0
}
