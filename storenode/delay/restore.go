package delay

import (
	"errors"
	"fmt"
	"strconv"

	"gantry/remoting/message"
	"gantry/storenode/topic"
)

// errNotDeliverable is wrapped where a record in a level's queue can never be delivered.
var errNotDeliverable = errors.New("delayed message cannot be delivered")

// restore makes of a level's record the message that its producer sent: its own topic and queue, all else as it
// was: DELAY, REAL_TOPIC and REAL_QID stay, as Java leaves them (messageTimeup builds the string before it clears). The offsets are the appender's to give. Error: errNotDeliverable.
func restore(record []byte) (*message.Message, error) {
	m, _, err := message.Decode(record)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotDeliverable, err)
	}
	realTopic := m.Properties.Get(message.PropertyRealTopic)
	queueID, err := strconv.ParseInt(string(m.Properties.Get(message.PropertyRealQueueID)), 10, 32)
	switch {
	case topic.Validate(realTopic) != nil:
		return nil, fmt.Errorf("%w: REAL_TOPIC is %q", errNotDeliverable, realTopic)
	case err != nil || queueID < 0:
		return nil, fmt.Errorf("%w: REAL_QID is %q", errNotDeliverable, m.Properties.Get(message.PropertyRealQueueID))
	case string(realTopic) == topic.TransHalfTopic || string(realTopic) == topic.ScheduleTopic:
		return nil, fmt.Errorf("%w: no delayed message is of topic %s", errNotDeliverable, realTopic)
	}
	m.Topic, m.QueueID = string(realTopic), int32(queueID)
	m.QueueOffset, m.PhysicalOffset, m.StoreTimestamp, m.PreparedTransactionOffset = 0, 0, 0, 0
	return &m, nil
}
