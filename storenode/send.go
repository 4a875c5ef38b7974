package storenode

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
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

// Sends: codes 10, 310 and 320 (SendMessageProcessor 4.9.7).
//
// Honoured: every check and answer of the Java broker in its order; topics made
// in the image of TBW102; retry topics led to the DLQ; delay levels; batches;
// WAIT. The answer comes when the commit log has the records as flushDiskType
// demands, or is FLUSH_DISK_TIMEOUT where the disk takes too long. A send that a
// proxy sends again is answered as its first attempt, if that was stored, from
// the record of it. Different: properties keep the client's order (Java's come out of a
// hash map). A transactional message is stored as a half message
// (send_transaction.go).

// maxReconsumeVersion is V3_4_9: clients from there on may state
// maxReconsumeTimes themselves.
const maxReconsumeVersion = 121

// appender is the part of the store that sends need.
type appender interface {
	Append(r *commitlog.Request) error
	Explain(err error) error
}

// delayLevels is what sends know of scheduled delivery: the highest level.
type delayLevels interface {
	Max() int
}

type sends struct {
	log       *slog.Logger
	config    Config
	storeHost *storeHost
	topics    *topic.Table
	groups    *group.Configs
	delays    delayLevels
	store     appender
	repeats   *repeat.Requests
	halves    halves
	timers    timers

	waits  *diskWaits
	slaves slaveWaits

	announcements announcements

	puts sync.Pool // of *put
}

// put is one send on its way through the commit log.
type put struct {
	owner   *sends
	to      remoting.Responder
	request commitlog.Request
	header  protocol.SendMessageResponse
	props   message.Properties
	message message.Message
	offsets []commitlog.Offset
	wait    diskWait
	copied  replica.Wait
	known   <-chan struct{} // closed when name servers know the topic that the send made; nil where it made none
}

// handle is a remoting.Handler.
func (s *sends) handle(c *remoting.Command, to remoting.Responder) {
	p := s.get(to)
	if err := s.start(p, c); err != nil {
		to.Reply(s.withOrigin(errorResponse(s.log, c, to.Channel, err), err))
		s.release(p)
	}
}

// origin is what a refusal has of SendMessageResponse.
type origin struct {
	region  string
	traceOn bool
}

// Encode implements remoting.Header.
func (o origin) Encode(w *remoting.FieldWriter) {
	w.OptString(message.PropertyMsgRegion, o.region)
	w.Bool(message.PropertyTraceOn, o.traceOn)
}

// withOrigin adds what Java's refusals carry; a header that cannot be read is
// refused before that.
func (s *sends) withOrigin(r *remoting.Response, err error) *remoting.Response {
	var stated *protocol.Error
	if errors.As(err, &stated) {
		r.Header = origin{s.config.RegionID, s.config.now().TraceOn}
	}
	return r
}

func (s *sends) get(to remoting.Responder) *put {
	p, _ := s.puts.Get().(*put)
	if p == nil {
		p = &put{owner: s}
		p.request.Done = func(*commitlog.Request) { p.done() }
		p.request.Written = func(*commitlog.Request) { s.waits.begin(&p.wait) }
		p.wait.late = func() { p.answer(protocol.FlushDiskTimeout) }
		p.copied.Done = func(o replica.Outcome) { p.answer(slaveCodes[o]); s.release(p) }
	}
	p.to = to
	return p
}

// keepRecordBytes is the largest buffer that waits for the next send.
const keepRecordBytes = 64 << 10

func (s *sends) release(p *put) {
	p.message, p.to, p.wait.since, p.known = message.Message{}, remoting.Responder{}, time.Time{}, nil
	if cap(p.request.Records) <= keepRecordBytes {
		s.puts.Put(p)
	}
}

// start checks the send and hands it to the commit log; without an error done
// will be called.
func (s *sends) start(p *put, c *remoting.Command) error {
	var h protocol.SendMessageRequest
	if err := h.DecodeCode(c.Code, c.Ext); err != nil {
		return err
	}
	t, made, err := s.check(&h, p.to.Channel)
	if err != nil {
		return err
	}
	if made {
		p.known = s.announcements.start()
	}
	queueID := h.QueueID
	if queueID < 0 {
		queueID = rand.Int32N(max(t.WriteQueueNums, 1))
	}
	p.header = protocol.SendMessageResponse{QueueID: queueID, Region: s.config.RegionID, TraceOn: s.config.now().TraceOn}
	p.message = message.Message{
		Topic: t.Name, QueueID: queueID, Flag: h.Flag, SysFlag: h.SysFlag, ReconsumeTimes: h.ReconsumeTimes,
		BornTimestamp: h.BornTimestamp, BornHost: p.to.Channel.Remote, StoreHost: s.storeHost.addr(), Body: c.Body,
	}
	if t.FilterType == "MULTI_TAG" {
		p.message.SysFlag |= message.FlagMultiTags
	}
	if h.Batch {
		err = s.encodeBatch(p, &h)
	} else {
		err = s.encodeOne(p, &h, c)
	}
	if err != nil {
		return err
	}
	p.request.Topic, p.request.QueueID = p.message.Topic, p.message.QueueID
	if err := s.slaves.admit(); err != nil {
		return s.refusal(err)
	}
	if c.Repeated {
		return s.repeat(p, h.QueueID < 0)
	}
	if err := s.store.Append(&p.request); err != nil {
		return s.refusal(err)
	}
	return nil
}

// check finds the send's topic, makes it where it is missing, or says why there is none to send to (msgCheck).
func (s *sends) check(h *protocol.SendMessageRequest, from *remoting.Channel) (t *topic.Topic, made bool, err error) {
	if until := s.config.now().StartAcceptSendMillis; time.Now().UnixMilli() < until {
		return nil, false, protocol.Errorf(protocol.SystemError, "broker unable to service, until %s", time.UnixMilli(until).Format("2006-01-02 15:04:05,000"))
	}
	t = s.topics.Get(h.Topic)
	if !topic.Perm(s.config.now().BrokerPermission).Writeable() && t != nil && t.Order {
		return nil, false, protocol.Errorf(protocol.NoPermission, "the broker[%s] sending message is forbidden", s.config.BrokerIP1)
	}
	if err := topic.ValidateSend(h.Topic); err != nil {
		return nil, false, topicRefusal(err)
	}
	if t == nil {
		if t, err = s.create(h); err != nil {
			return nil, false, err
		}
		made = true
	}
	if h.QueueID >= max(t.WriteQueueNums, t.ReadQueueNums) {
		return nil, false, protocol.Errorf(protocol.SystemError, "request queueId[%d] is illegal, %s Producer: %s", h.QueueID, describe(t), from.Remote)
	}
	return t, made, nil
}

func topicRefusal(err error) error {
	var forbidden *topic.ForbiddenError
	if errors.As(err, &forbidden) {
		return &protocol.Error{Code: protocol.NoPermission, Remark: err.Error()}
	}
	return &protocol.Error{Code: protocol.SystemError, Remark: err.Error()}
}

const (
	unitFlag    = 1 // topicSysFlag of a unit's topic
	unitSubFlag = 2 // of a topic that a unit subscribes to
)

func (s *sends) create(h *protocol.SendMessageRequest) (*topic.Topic, error) {
	w := topic.Wanted{Topic: string(h.Topic), DefaultTopic: string(h.DefaultTopic), QueueNums: h.DefaultTopicQueueNums}
	if h.UnitMode {
		w.SysFlag = unitFlag
		if bytes.HasPrefix(h.Topic, []byte(topic.RetryPrefix)) {
			w.SysFlag = unitSubFlag
		}
	}
	t, err := s.topics.CreateInSend(w)
	if errors.Is(err, topic.ErrNotCreated) {
		return nil, protocol.Errorf(protocol.TopicNotExist, "topic[%s] not exist, apply first please!%s", h.Topic, seeFAQ)
	}
	return t, err
}

func (s *sends) encodeOne(p *put, h *protocol.SendMessageRequest, c *remoting.Command) error {
	dead, err := s.redirectDead(p, h, c)
	if err != nil {
		return err
	}
	facts, err := p.storedProperties(h.Properties, s.config.BrokerClusterName)
	if err != nil {
		return err
	}
	half := facts.transactional && p.mayBeHalf(h)
	if half && s.config.RejectTransactionMessage {
		return protocol.Errorf(protocol.NoPermission, "the broker[%s] sending transaction message is forbidden", s.config.BrokerIP1)
	}
	if len(c.Body) > s.config.now().MaxMessageBytes {
		return s.illegal()
	}
	if dead {
		p.props, facts.delayLevel = p.props.Delete(message.PropertyDelay), 0
	}
	p.message.Properties = p.props
	p.request.Wait = facts.wait
	if half {
		return s.encodeHalf(p, facts)
	}
	if facts.delayLevel > 0 {
		p.message.Properties = facts.withoutTimes(p.message.Properties)
		scheduleMessage(&p.message, min(facts.delayLevel, s.delays.Max()))
	} else if facts.timer && !dead {
		if err := s.holdTimer(p); err != nil {
			return err
		}
	}
	return s.encode(p)
}

// redirectDead leads a retry that has used up its tries to the group's DLQ, and
// says whether it did (handleRetryAndDLQ).
func (s *sends) redirectDead(p *put, h *protocol.SendMessageRequest, c *remoting.Command) (dead bool, err error) {
	name, retry := bytes.CutPrefix(h.Topic, []byte(topic.RetryPrefix))
	if !retry {
		return false, nil
	}
	g, err := s.groups.Find(name)
	if err != nil {
		return false, groupRefusal(name)
	}
	limit := g.RetryMaxTimes
	if c.Version >= maxReconsumeVersion && h.HasMaxReconsumeTimes {
		limit = h.MaxReconsumeTimes
	}
	if h.ReconsumeTimes < limit {
		return false, nil
	}
	t, err := s.topics.CreateInSendBack(topic.DLQPrefix+string(name), 1, topic.PermReadWrite, 0)
	if err != nil {
		return false, err
	}
	p.message.Topic, p.message.QueueID = t.Name, 0
	return true, nil
}

// encode makes the record; what cannot be one is MESSAGE_ILLEGAL.
func (s *sends) encode(p *put) (err error) {
	p.request.Records, err = message.AppendRecord(p.request.Records[:0], &p.message)
	if errors.Is(err, message.ErrPropertiesTooLong) || errors.Is(err, message.ErrTopicTooLong) {
		return s.illegal()
	}
	return err
}

func (s *sends) illegal() error {
	return protocol.Errorf(protocol.MessageIllegal, "the message is illegal, maybe msg body or properties length not matched. "+
		"msg body length limit %dB, msg properties length limit 32KB.", s.config.now().MaxMessageBytes)
}

// refusal is the answer to a send that the commit log does not take, or that may
// be stored already.
func (s *sends) refusal(err error) error {
	var unknown *repeat.UnknownError
	switch {
	case errors.As(err, &unknown):
		return protocol.Errorf(protocol.SystemError, "%v", unknown)
	case errors.Is(err, commitlog.ErrBusy):
		return protocol.Errorf(protocol.SystemError, "[PC_SYNCHRONIZED]broker busy, start flow control for a while: %v", err)
	case errors.Is(err, commitlog.ErrTooLarge):
		return s.illegal()
	}
	return protocol.Errorf(protocol.ServiceNotAvailable, "service not available now. It may be caused by one of the following reasons: "+
		"the broker's disk is full [%s], messages are put to the slave, message store has been shut down, etc. %v", s.config.StorePathRootDir, s.store.Explain(err))
}

// done answers when the commit log has decided, or has the send wait for a slave;
// it runs on one of its goroutines.
func (p *put) done() {
	s := p.owner
	late, err := s.waits.end(&p.wait), p.request.Err
	if !late && err == nil && s.slaves.begin(&p.request, p.wait.since, &p.copied) {
		return // p is not ours any more
	}
	defer s.release(p)
	switch {
	case late && err != nil:
		s.log.Warn("message answered FLUSH_DISK_TIMEOUT did not reach the disk", "topic", p.message.Topic, "queue_id", p.message.QueueID, "queue_offset", p.request.QueueOffset, "err", err)
	case late:
	case err != nil:
		p.answerRefusal(err)
	default:
		p.answer(protocol.Success)
	}
}

func (p *put) answerRefusal(err error) {
	var stated *protocol.Error
	errors.As(p.owner.refusal(err), &stated)
	p.to.Reply(p.owner.withOrigin(&remoting.Response{Code: stated.Code, Remark: stated.Remark}, stated))
}

// answer says where the message is stored.
func (p *put) answer(code int32) {
	storeHost := message.Record(p.request.Records).StoreHost() // of an earlier attempt it may be another than now
	p.header.QueueOffset = p.request.QueueOffset
	p.header.MsgID = p.header.MsgID[:0]
	p.offsets = p.request.PhysicalOffsets(p.offsets[:0])
	for i, offset := range p.offsets {
		if i > 0 {
			p.header.MsgID = append(p.header.MsgID, ',')
		}
		p.header.MsgID = message.AppendOffsetID(p.header.MsgID, storeHost, int64(offset))
	}
	if p.known == nil {
		p.to.Reply(&remoting.Response{Code: code, Header: &p.header})
		return
	}
	to, header := p.to, p.header
	header.MsgID, header.TransactionID = slices.Clone(header.MsgID), slices.Clone(header.TransactionID) // p goes to another send
	p.owner.announcements.after(p.known, func() { to.Reply(&remoting.Response{Code: code, Header: &header}) })
}

func describe(t *topic.Topic) string {
	return fmt.Sprintf("TopicConfig [topicName=%s, readQueueNums=%d, writeQueueNums=%d, perm=%s, topicFilterType=%s, topicSysFlag=%d, order=%t]",
		t.Name, t.ReadQueueNums, t.WriteQueueNums, permString(t.Perm), t.FilterType, t.SysFlag, t.Order)
}

// permString is PermName.perm2String.
func permString(p topic.Perm) string {
	text := []byte("---")
	for i, bit := range []topic.Perm{topic.PermRead, topic.PermWrite, topic.PermInherit} {
		if p&bit != 0 {
			text[i] = "RWX"[i]
		}
	}
	return string(text)
}
