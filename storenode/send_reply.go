package storenode

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/commitlog"
	"gantry/storenode/group"
)

// Replies: codes 324 and 325, which push (326) the reply to the producer that asked (ReplyMessageProcessor 4.9.7). The
// answer says whether that client has it; stored it is in any case, for who reads the reply topic. Different: the client
// has 2.4 s instead of 10 s, since the replier, too, waits no longer than 3 s; a reply that comes just after a start is
// kept until the clients are known; a stored reply keeps its sysFlag, without which a compressed body cannot be read.

// pushBound is how long a reply is kept back and pushed: less than what makes the replier give up.
const pushBound = 2400 * time.Millisecond

type replies struct {
	sends   *sends
	members *group.Members
	hold    *startHold
	store   bool // storeReplyMessageEnable
}

// replying is one reply on its way to its client and into the log.
type replying struct {
	owner *replies
	to    remoting.Responder
	began time.Time
	push  protocol.PushReplyMessageToClientRequest
	body  []byte
	asker string // client id of who waits for it

	mu     sync.Mutex // guards what follows
	left   int        // ends that are waited for
	failed string     // why the asker does not have it
	header protocol.SendMessageResponse
	stored bool
}

// handle is a remoting.Handler.
func (s *replies) handle(c *remoting.Command, to remoting.Responder) {
	own := c.Clone()
	var h protocol.SendMessageRequest
	err := h.DecodeCode(own.Code, own.Ext)
	if err == nil {
		err = s.start(own, &h, to)
	}
	if err != nil {
		to.Reply(s.sends.withOrigin(errorResponse(s.sends.log, own, to.Channel, err), err))
	}
}

func (s *replies) start(c *remoting.Command, h *protocol.SendMessageRequest, to remoting.Responder) error {
	t, _, err := s.sends.check(h, to.Channel)
	if err != nil {
		return err
	}
	queueID := h.QueueID
	if queueID < 0 {
		queueID = rand.Int32N(max(t.WriteQueueNums, 1))
	}
	config := s.sends.config
	r := &replying{owner: s, to: to, began: time.Now(), body: c.Body, left: 1,
		header: protocol.SendMessageResponse{MsgID: []byte("0"), QueueID: queueID, Region: config.RegionID, TraceOn: config.now().TraceOn}}
	r.push = protocol.PushReplyMessageToClientRequest{
		ProducerGroup: string(h.ProducerGroup), Topic: t.Name, DefaultTopic: string(h.DefaultTopic), DefaultTopicQueueNums: h.DefaultTopicQueueNums,
		QueueID: h.QueueID, SysFlag: h.SysFlag, BornTimestamp: h.BornTimestamp, Flag: h.Flag, ReconsumeTimes: h.ReconsumeTimes, UnitMode: h.UnitMode,
		BornHost: javaAddress(to.Channel.Remote), StoreHost: javaAddress(s.sends.storeHost.addr()), StoreTimestamp: r.began.UnixMilli(),
	}
	sent := message.Properties(h.Properties)
	r.asker = string(sent.Get(message.PropertyReplyToClient))
	r.push.Properties = sent.Clone(64).Set(message.PropertyPushReplyTime, strconv.FormatInt(r.began.UnixMilli(), 10))
	if s.store {
		r.left++
		r.append(h, t.Name, queueID)
	}
	s.hold.do("", func(bool) { r.deliver() })
	return nil
}

// javaAddress is host:port without brackets, also of IPv6.
func javaAddress(a netip.AddrPort) string {
	return a.Addr().Unmap().String() + ":" + strconv.Itoa(int(a.Port()))
}

// deliver pushes the reply to the client over the first of its sessions that takes it.
func (r *replying) deliver() {
	if r.asker == "" {
		r.pushed(fmt.Sprintf("reply message properties[%s] is null", message.PropertyReplyToClient))
		return
	}
	request := &remoting.Request{Code: protocol.PushReplyMessageToClient, Header: r.push, Body: r.body}
	for _, session := range r.owner.members.Producing(r.asker).Sessions {
		if channelOf(session).InvokeAsync(request, max(time.Until(r.began.Add(pushBound)), time.Millisecond), r.answered) == nil {
			return
		}
	}
	r.pushed(fmt.Sprintf("push reply message fail, channel of <%s> not found.", r.asker))
}

func (r *replying) answered(answer *remoting.Command, err error) {
	failed := ""
	if err != nil || answer.Code != protocol.Success {
		failed = fmt.Sprintf("push reply message to %sfail.", r.asker)
		r.owner.sends.log.Info("reply not taken by its client", "client_id", r.asker, "err", err)
	}
	r.pushed(failed)
}

func (r *replying) pushed(failed string) {
	r.end(func() { r.failed = failed })
}

// append stores the reply. That it cannot be is no failure of the reply.
func (r *replying) append(h *protocol.SendMessageRequest, topic string, queueID int32) {
	s := r.owner.sends
	m := message.Message{Topic: topic, QueueID: queueID, Flag: h.Flag, SysFlag: h.SysFlag, ReconsumeTimes: h.ReconsumeTimes, BornTimestamp: h.BornTimestamp,
		BornHost: r.to.Channel.Remote, StoreHost: s.storeHost.addr(), Body: r.body, Properties: h.Properties}
	record, err := message.AppendRecord(nil, &m)
	if err == nil && len(r.body) > s.config.now().MaxMessageBytes {
		err = s.illegal()
	}
	if err == nil {
		request := &commitlog.Request{Topic: topic, QueueID: queueID, Records: record, Wait: true}
		wait := &diskWait{late: func() { r.appended(request, nil) }}
		request.Written = func(*commitlog.Request) { s.waits.begin(wait) }
		request.Done = func(q *commitlog.Request) {
			if !s.waits.end(wait) {
				r.appended(q, q.Err)
			}
		}
		err = s.store.Append(request)
	}
	if err != nil {
		r.appended(nil, err)
	}
}

func (r *replying) appended(q *commitlog.Request, err error) {
	if err != nil {
		r.owner.sends.log.Warn("reply not stored", "topic", r.push.Topic, "client_id", r.asker, "err", err)
	}
	r.end(func() {
		if r.stored = err == nil; r.stored {
			r.header.QueueOffset = q.QueueOffset
			r.header.MsgID = message.AppendOffsetID(nil, message.Record(q.Records).StoreHost(), int64(q.PhysicalOffsets(nil)[0]))
		}
	})
}

// end notes one of the ends; the last one answers.
func (r *replying) end(note func()) {
	r.mu.Lock()
	note()
	r.left--
	last := r.left == 0
	r.mu.Unlock()
	if !last {
		return
	}
	answer := &remoting.Response{Header: &r.header}
	if r.failed != "" {
		answer.Code, answer.Remark = protocol.SystemError, r.failed
	}
	if r.failed != "" && !r.stored {
		answer.Header = origin{r.header.Region, r.header.TraceOn}
	}
	r.to.Reply(answer)
}
