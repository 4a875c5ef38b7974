package transaction

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/delay"
	"gantry/storenode/topic"
)

// errNoHalf is wrapped where a record is no half message that can be committed.
var errNoHalf = errors.New("not a half message")

// endTag is the tag of an operation record: the half message is to be looked at no more.
const endTag = "d"

// half is a half message as it lies in the log.
type half struct {
	message.Message
	uniq, group string
	realTopic   string
	realQueue   int32
	level       int  // DELAY, 0 without
	timed       bool // it has a time of its own
	checks      int  // TRANSACTION_CHECK_TIMES
	copied      bool // it was put again at least once
}

// parse reads a record. Error: errNoHalf.
func parse(record []byte) (*half, error) {
	m, _, err := message.Decode(record)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoHalf, err)
	}
	if m.Topic != topic.TransHalfTopic || m.QueueID != queueID {
		return nil, fmt.Errorf("%w: it is of queue %d of topic %s", errNoHalf, m.QueueID, m.Topic)
	}
	p := m.Properties
	h := &half{Message: m, uniq: string(p.Get(message.PropertyUniqKey)), group: string(p.Get(message.PropertyProducerGroup)),
		realTopic: string(p.Get(message.PropertyRealTopic))}
	queue, err := strconv.ParseInt(string(p.Get(message.PropertyRealQueueID)), 10, 32)
	if topic.Validate([]byte(h.realTopic)) != nil || err != nil || queue < 0 {
		return nil, fmt.Errorf("%w: REAL_TOPIC is %q, REAL_QID %q", errNoHalf, h.realTopic, p.Get(message.PropertyRealQueueID))
	}
	h.realQueue = int32(queue)
	h.level = number(p, message.PropertyDelay)
	h.timed = p.Has(message.PropertyTimerDelaySec) || p.Has(message.PropertyTimerDelayMs) || p.Has(message.PropertyTimerDeliverMs)
	h.checks = number(p, message.PropertyTransactionCheckTimes)
	h.copied = p.Has(message.PropertyTransactionCheckTimes) || p.Has(message.PropertyPreparedQueueOffset)
	return h, nil
}

// number is a property's number, 0 where it has none.
func number(p message.Properties, name string) int {
	n, _ := strconv.Atoi(string(p.Get(name)))
	return n
}

// key is the same for all copies of a transaction's half message.
func (h *half) key() string {
	if h.uniq == "" {
		return "@" + strconv.FormatInt(h.QueueOffset, 10)
	}
	return h.group + "@" + h.uniq
}

// sameAs says that a record is of the same transaction.
func (h *half) sameAs(r message.Record) bool {
	p := r.Properties()
	return h.uniq != "" && string(p.Get(message.PropertyUniqKey)) == h.uniq && string(p.Get(message.PropertyProducerGroup)) == h.group &&
		r.BornTimestamp() == h.BornTimestamp && r.BornHost() == h.BornHost
}

// committed is the message as its topic's consumers see it. REAL_TOPIC, REAL_QID and TRAN_MSG stay, as Java leaves them.
// One that asks for a delay begins to wait now.
func (h *half) committed(levels delay.Levels) *message.Message {
	m := h.moveTo(h.realTopic, h.realQueue)
	m.SysFlag |= message.FlagTransactionCommit
	m.PreparedTransactionOffset = h.PhysicalOffset
	if level := levels.Clamp(h.level); level > 0 {
		m.Topic, m.QueueID = topic.ScheduleTopic, delay.QueueID(level)
		m.Properties = m.Properties.Clone(16).Set(message.PropertyDelay, strconv.Itoa(level))
	}
	return m
}

// moveTo is the message for another queue; the offsets are the appender's to give.
func (h *half) moveTo(name string, queue int32) *message.Message {
	m := h.Message
	m.Topic, m.QueueID = name, queue
	m.QueueOffset, m.PhysicalOffset, m.StoreTimestamp, m.PreparedTransactionOffset = 0, 0, 0, 0
	return &m
}

// again is the half message to be put again before it is asked about.
func (h *half) again() *message.Message {
	m := h.moveTo(topic.TransHalfTopic, queueID)
	m.Properties = m.Properties.Clone(64).Set(message.PropertyTransactionCheckTimes, strconv.Itoa(h.checks+1))
	return m
}

// kept is the half message to be put again only so that it is not lost.
func (h *half) kept() *message.Message {
	m := h.moveTo(topic.TransHalfTopic, queueID)
	if !h.copied {
		m.Properties = m.Properties.Clone(64).Set(message.PropertyPreparedQueueOffset, strconv.FormatInt(h.QueueOffset, 10))
	}
	return m
}

// asked is the half message as its producer is asked about it: lying at these offsets.
func (h *half) asked(queueOffset, physicalOffset int64) *message.Message {
	m := h.again()
	m.Topic, m.QueueID = h.realTopic, h.realQueue
	m.QueueOffset, m.PhysicalOffset, m.StoreTimestamp = queueOffset, physicalOffset, h.StoreTimestamp
	return m
}

// operation is the record that half message q has ended.
func operation(q int64, host netip.AddrPort) *message.Message {
	return &message.Message{
		Topic: topic.TransOpHalfTopic, QueueID: queueID, Body: strconv.AppendInt(nil, q, 10),
		Properties:    message.Properties(nil).Set(message.PropertyWait, "true").Set(message.PropertyTags, endTag),
		BornTimestamp: time.Now().UnixMilli(), BornHost: host, StoreHost: host,
	}
}

// endedBy lists the half messages that an operation record is about: one, or several as Java 5 writes them.
func endedBy(record message.Record) (halves []int64) {
	if string(record.Properties().Get(message.PropertyTags)) != endTag {
		return nil
	}
	for word := range strings.SplitSeq(string(record.Body()), ",") {
		if q, err := strconv.ParseInt(strings.TrimSpace(word), 10, 64); err == nil && q >= 0 {
			halves = append(halves, q)
		}
	}
	return halves
}
