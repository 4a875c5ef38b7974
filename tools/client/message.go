package client

import (
	"strconv"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

// Message is one message to be sent.
type Message struct {
	Topic      string
	Tags       string
	Keys       string // separated by message.KeySeparator
	Body       []byte
	Flag       int32
	DelayLevel int                    // 1 is the shortest; 0: none
	Properties map[string]string      // of the application
	Queue      *protocol.MessageQueue // where to, nil: in turn
}

// SendResult is where a message is stored.
type SendResult struct {
	Status      int32  // Success, or FlushDiskTimeout, FlushSlaveTimeout, SlaveNotAvailable
	MsgID       string // the id given by the client (UNIQ_KEY); of a batch the first
	OffsetMsgID string // of a batch all, joined by commas
	Queue       protocol.MessageQueue
	QueueOffset int64 // of a batch the first; of a half message its place among those
	// TransactionID is what the broker calls a half message, "" where it gives no name.
	TransactionID string
	Region        string // where the broker says it is, "" where it does not
	NoTrace       bool   // the broker wants no traces of the message
}

// appendProperties appends the property string that m is sent with.
func (m *Message) appendProperties(dst message.Properties, ids *uniqueIDs) message.Properties {
	for name, value := range m.Properties {
		if name != "" && value != "" {
			dst = message.AppendPair(dst, name, value)
		}
	}
	dst = appendPairUnlessEmpty(dst, message.PropertyKeys, m.Keys)
	dst = append(append(dst, message.PropertyUniqKey...), 1)
	dst = append(message.Properties(ids.append(dst)), 2)
	dst = message.AppendPair(dst, message.PropertyWait, "true")
	if m.DelayLevel > 0 {
		dst = message.AppendPair(dst, message.PropertyDelay, strconv.Itoa(m.DelayLevel))
	}
	return appendPairUnlessEmpty(dst, message.PropertyTags, m.Tags)
}

func appendPairUnlessEmpty(dst message.Properties, name, value string) message.Properties {
	if value == "" {
		return dst
	}
	return message.AppendPair(dst, name, value)
}
