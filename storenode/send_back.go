package storenode

import (
	"log/slog"
	"math/rand/v2"
	"strconv"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/commitlog"
	"gantry/storenode/group"
	"gantry/storenode/repeat"
	"gantry/storenode/replica"
	"gantry/storenode/topic"
)

// Send-back: code 36 (SendMessageProcessor.asyncConsumerSendMsgBack 4.9.7). The
// message that failed goes to its group's retry topic behind a delay level that
// grows with its tries, or to the DLQ. Different: the answer waits for the disk
// as flushDiskType says, Java's does not; where no slave has the message in time
// the answer is that it is stored, Java's an error, after which the client sends
// it once more.

// records is the part of the store that finds a message by its place.
type records interface {
	RecordAt(at commitlog.Offset) (message.Record, error)
}

type sendBacks struct {
	log        *slog.Logger
	config     Config
	topics     *topic.Table
	groups     *group.Configs
	delays     delayLevels
	store      appender
	records    records
	background *background
	waits      *diskWaits
	slaves     slaveWaits
	repeats    *repeat.Requests
}

// firstRetryLevel is the delay level of the first retry; each further one takes
// the next.
const firstRetryLevel = 3

// handle is a remoting.Handler. Finding the message may wait for the disk.
func (s *sendBacks) handle(c *remoting.Command, to remoting.Responder) {
	own, prepared := c.Clone(), s.repeats.Preparing()
	s.background.do(func() {
		defer prepared()
		if err := s.start(own, to); err != nil {
			to.Reply(errorResponse(s.log, own, to.Channel, err))
		}
	})
}

// start hands the new record to the commit log; without an error it will be
// answered. c is not used by anybody else.
func (s *sendBacks) start(c *remoting.Command, to remoting.Responder) error {
	var h protocol.ConsumerSendMsgBackRequest
	if err := h.Decode(c.Ext); err != nil {
		return err
	}
	g, err := s.groups.Find([]byte(h.Group))
	if err != nil {
		return groupRefusal([]byte(h.Group))
	}
	if !topic.Perm(s.config.now().BrokerPermission).Writeable() {
		return protocol.Errorf(protocol.NoPermission, "the broker[%s] sending message is forbidden", s.config.BrokerIP1)
	}
	if g.RetryQueueNums <= 0 {
		to.Reply(ok)
		return nil
	}
	retry, err := s.retryTopic(&h, g)
	if err != nil {
		return err
	}
	record, err := s.records.RecordAt(commitlog.Offset(h.Offset))
	if err != nil {
		return protocol.Errorf(protocol.SystemError, "look message by offset failed, %d", h.Offset)
	}
	m, err := s.again(record, &h, g, retry, c.Version)
	if err != nil {
		return err
	}
	encoded, err := message.AppendRecord(nil, m)
	if err != nil {
		return err
	}
	wait := &diskWait{late: func() { to.Reply(ok) }} // it is stored, and Java would have said so before
	request := &commitlog.Request{Topic: m.Topic, QueueID: m.QueueID, Records: encoded, Wait: true,
		Written: func(*commitlog.Request) { s.waits.begin(wait) },
		Done:    func(r *commitlog.Request) { s.done(to, r, s.waits.end(wait), wait.since) }}
	if c.Repeated {
		return unknownOutcome(s.repeats.Put(repeat.Request{Append: request,
			Refuse: func(err error) { to.Reply(errorResponse(s.log, c, to.Channel, unknownOutcome(err))) }}))
	}
	return s.store.Append(request)
}

func (s *sendBacks) retryTopic(h *protocol.ConsumerSendMsgBackRequest, g *group.Config) (*topic.Topic, error) {
	var sysFlag int32
	if h.UnitMode {
		sysFlag = unitSubFlag
	}
	t, err := s.topics.CreateInSendBack(topic.Retry(h.Group), g.RetryQueueNums, topic.PermReadWrite, sysFlag)
	if err != nil {
		return nil, err
	}
	if !t.Perm.Writeable() {
		return nil, protocol.Errorf(protocol.NoPermission, "the topic[%s] sending message is forbidden", t.Name)
	}
	return t, nil
}

// again makes the message that is written for one that failed.
func (s *sendBacks) again(record message.Record, h *protocol.ConsumerSendMsgBackRequest, g *group.Config, retry *topic.Topic, version int32) (*message.Message, error) {
	old, _, err := message.Decode(record)
	if err != nil {
		return nil, err
	}
	limit := g.RetryMaxTimes
	if version >= maxReconsumeVersion && h.HasMaxReconsumeTimes {
		limit = h.MaxReconsumeTimes
	}
	m := old
	m.PreparedTransactionOffset = 0
	m.Topic, m.QueueID = retry.Name, rand.Int32N(g.RetryQueueNums)
	m.ReconsumeTimes++
	m.Properties = s.properties(&old)
	if old.ReconsumeTimes >= limit || h.DelayLevel < 0 {
		dead, err := s.topics.CreateInSendBack(topic.DLQ(h.Group), 1, topic.PermReadWrite, 0)
		if err != nil {
			return nil, err
		}
		m.Topic, m.QueueID = dead.Name, 0
		return &m, nil
	}
	level := int(h.DelayLevel)
	if level == 0 {
		level = firstRetryLevel + int(old.ReconsumeTimes)
	}
	scheduleMessage(&m, min(level, s.delays.Max()))
	return &m, nil
}

// properties are the failed message's, without what ruled its first storing and
// with where it came from.
func (s *sendBacks) properties(old *message.Message) message.Properties {
	p := old.Properties.Clone(256)
	for _, name := range [...]string{message.PropertyDelay, message.PropertyWait} {
		p = p.Delete(name)
	}
	if !p.Has(message.PropertyRetryTopic) {
		p = p.Set(message.PropertyRetryTopic, old.Topic)
	}
	if !p.Has(message.PropertyOriginMessageID) {
		p = p.Set(message.PropertyOriginMessageID, message.OffsetID(old.StoreHost, old.PhysicalOffset))
	}
	return p
}

// scheduleMessage leads a message to a delay level's queue; delivery restores
// topic and queue from the properties.
func scheduleMessage(m *message.Message, level int) {
	m.Properties = m.Properties.Set(message.PropertyDelay, strconv.Itoa(level))
	m.Properties = m.Properties.Set(message.PropertyRealTopic, m.Topic)
	m.Properties = m.Properties.Set(message.PropertyRealQueueID, strconv.Itoa(int(m.QueueID)))
	m.Topic, m.QueueID = topic.ScheduleTopic, int32(level-1)
}

// done answers when the commit log has decided and a slave has the message where
// that is waited for, unless that was done late.
func (s *sendBacks) done(to remoting.Responder, r *commitlog.Request, late bool, written time.Time) {
	if r.Err != nil {
		s.log.Error("message not sent back", "remote_addr", to.Channel.Remote, "answered", late, "err", r.Err)
	}
	switch {
	case late:
	case r.Err != nil:
		to.Reply(&remoting.Response{Code: protocol.SystemError, Remark: r.Err.Error()})
	case s.slaves.begin(r, written, &replica.Wait{Done: func(replica.Outcome) { to.Reply(ok) }}):
	default:
		to.Reply(ok)
	}
}
