package mqadmin

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/tools/client"
)

// Texts as Java's toString makes them.

func topicText(t protocol.TopicConfig) string {
	return fmt.Sprintf("TopicConfig [topicName=%s, readQueueNums=%d, writeQueueNums=%d, perm=%s, topicFilterType=%s, topicSysFlag=%d, order=%t]",
		t.TopicName, t.ReadQueueNums, t.WriteQueueNums, permText(t.Perm), t.TopicFilterType, t.TopicSysFlag, t.Order)
}

func permText(perm int32) string {
	text := []byte("---")
	for i, p := range []struct {
		bit    int32
		letter byte
	}{{protocol.PermRead, 'R'}, {protocol.PermWrite, 'W'}, {protocol.PermInherit, 'X'}} {
		if perm&p.bit != 0 {
			text[i] = p.letter
		}
	}
	return string(text)
}

func groupText(g protocol.SubscriptionGroupConfig) string {
	return fmt.Sprintf("SubscriptionGroupConfig [groupName=%s, consumeEnable=%t, consumeFromMinEnable=%t, consumeBroadcastEnable=%t, retryQueueNums=%d, retryMaxTimes=%d, brokerId=%d, whichBrokerWhenConsumeSlowly=%d, notifyConsumerIdsChangedEnable=%t]",
		g.GroupName, g.ConsumeEnable, g.ConsumeFromMinEnable, g.ConsumeBroadcastEnable, g.RetryQueueNums, g.RetryMaxTimes, g.BrokerID, g.WhichBrokerWhenConsumeSlowly, g.NotifyConsumerIDsChangedEnable)
}

func queueText(q protocol.MessageQueue) string {
	return fmt.Sprintf("MessageQueue [topic=%s, brokerName=%s, queueId=%d]", q.Topic, q.BrokerName, q.QueueID)
}

// messageText is a message that was pulled (MessageExt.toString).
func messageText(m *client.Received, more ...property) string {
	return fmt.Sprintf("MessageExt [brokerName=%s, queueId=%d, storeSize=%d, queueOffset=%d, sysFlag=%d, bornTimestamp=%d, bornHost=/%s, storeTimestamp=%d, storeHost=/%s, msgId=%s, commitLogOffset=%d, bodyCRC=%d, reconsumeTimes=%d, preparedTransactionOffset=%d, toString()=Message{topic='%s', flag=%d, properties=%s, body=%s, transactionId='%s'}]",
		orNull(m.Queue.BrokerName), m.QueueID, m.StoreSize, m.QueueOffset, m.SysFlag, m.BornTimestamp, m.BornHost, m.StoreTimestamp, m.StoreHost,
		message.OffsetID(m.StoreHost, m.PhysicalOffset), m.PhysicalOffset, m.BodyCRC, m.ReconsumeTimes, m.PreparedTransactionOffset,
		m.Topic, m.Flag, propertiesText(m.Properties, more...), bytesText(m.Body), orNull(transactionID(m)))
}

// transactionID is the producer's id of a message of a transaction.
func transactionID(m *client.Received) string {
	if string(m.Properties.Get(message.PropertyTransactionMessage)) != "true" {
		return ""
	}
	return string(m.Properties.Get(message.PropertyUniqKey))
}

func orNull(text string) string {
	if text == "" {
		return "null"
	}
	return text
}

// bytesText is Arrays.toString.
func bytesText(body []byte) string {
	text := make([]string, len(body))
	for i, b := range body {
		text[i] = strconv.Itoa(int(int8(b)))
	}
	return "[" + strings.Join(text, ", ") + "]"
}

func hostText(a netip.AddrPort) string { return a.String() }

type property struct{ name, value string }

// propertiesText is a HashMap's toString: pairs lie in the order of the table that
// a map of that many has.
func propertiesText(p message.Properties, more ...property) string {
	var pairs []property
	put := func(name, value string) {
		for i := range pairs {
			if pairs[i].name == name {
				pairs[i].value = value
				return
			}
		}
		pairs = append(pairs, property{name, value})
	}
	p.Range(func(name, value []byte) bool { put(string(name), string(value)); return true })
	for _, m := range more {
		put(m.name, m.value)
	}
	size := 16
	for len(pairs)*4 > size*3 {
		size *= 2
	}
	buckets := make([][]string, size)
	for _, x := range pairs {
		hash := uint32(message.JavaHash(x.name))
		at := (hash ^ hash>>16) & uint32(size-1)
		buckets[at] = append(buckets[at], x.name+"="+x.value)
	}
	var texts []string
	for _, b := range buckets {
		texts = append(texts, b...)
	}
	return "{" + strings.Join(texts, ", ") + "}"
}
