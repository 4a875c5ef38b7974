package storenode

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/group"
	"gantry/storenode/store"
	"gantry/storenode/topic"
)

// Moving a group and asking where its members are: codes 222 and 223, which tell (220) and ask (221) the members
// (Broker2Client 4.9.7). Members that are told give up their queues, commit the new offsets and go on there. Where
// nobody is online the answer is CONSUMER_NOT_ONLINE, and tools commit the offsets themselves. Different: a request that
// names a queue (5.x) moves that queue alone, of a group that is online or not; 4.9.7 would move all; a member's version
// is not asked for, since those without code 220 are older than the protocol.

type consumerReset struct {
	log        *slog.Logger
	brokerName string
	topics     *topic.Table
	offsets    *group.Offsets
	members    *group.Members
	store      *store.Store
}

func (s consumerReset) reset(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h protocol.InvokeBrokerToResetOffsetRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	s.log.Info("offsets are to be reset", "topic", h.Topic, "group", h.Group, "timestamp", h.Timestamp, "force", h.IsForce,
		"queue_id", h.QueueID, "remote_addr", from.Remote)
	t := s.topics.Get([]byte(h.Topic))
	if t == nil {
		return nil, protocol.Errorf(protocol.SystemError, "[reset-offset] reset offset failed, no topic in this broker. topic=%s", h.Topic)
	}
	if h.QueueID >= 0 {
		return s.resetQueue(&h)
	}
	body, err := s.targets(&h, t)
	if err != nil {
		return nil, err
	}
	all := s.members.Consumers(h.Group)
	if len(all) == 0 {
		return nil, protocol.Errorf(protocol.ConsumerNotOnline, "Consumer not online, so can not reset offset, Group: %s Topic: %s Timestamp: %d", h.Group, h.Topic, h.Timestamp)
	}
	s.tell(all, &h, body, c.Language == remoting.CPP)
	return &remoting.Response{Body: body.Encode()}, nil
}

// targets says where each queue goes: unless forced only backwards.
func (s consumerReset) targets(h *protocol.InvokeBrokerToResetOffsetRequest, t *topic.Topic) (body protocol.ResetOffsetBody, err error) {
	body.OffsetTable = protocol.QueueTable[int64]{}
	for id := range t.WriteQueueNums {
		now, found := s.offsets.Query([]byte(t.Name), []byte(h.Group), id)
		if !found || now == -1 {
			return body, protocol.Errorf(protocol.SystemError, "THe consumer group <%s> not exist", h.Group)
		}
		to, err := s.offsetAt(t.Name, id, h.Timestamp)
		if err != nil {
			return body, err
		}
		if !h.IsForce {
			to = min(to, now)
		}
		body.OffsetTable[s.queue(t.Name, id)] = to
	}
	return body, nil
}

func (s consumerReset) offsetAt(topic string, queueID int32, timestamp int64) (int64, error) {
	if timestamp == -1 {
		return s.store.MaxOffset(topic, queueID), nil
	}
	offset, err := s.store.OffsetByTime(topic, queueID, timestamp)
	return max(offset, 0), err
}

// resetQueue moves one queue (AdminBrokerProcessor.resetOffsetInner 5.3.3): the offset is committed here, and members
// that are online are told.
func (s consumerReset) resetQueue(h *protocol.InvokeBrokerToResetOffsetRequest) (*remoting.Response, error) {
	to := h.Offset
	if low, high := s.store.Bounds(h.Topic, h.QueueID); to != -1 && (to < low || to > high+1) {
		return nil, protocol.Errorf(protocol.SystemError, "Target offset %d not in consume queue range [%d-%d]", to, low, high)
	}
	if to == -1 {
		var err error
		if to, err = s.offsetAt(h.Topic, h.QueueID, h.Timestamp); err != nil {
			return nil, err
		}
	}
	if err := s.offsets.Commit([]byte(h.Topic), []byte(h.Group), h.QueueID, to); err != nil {
		return nil, err
	}
	body := protocol.ResetOffsetBody{OffsetTable: protocol.QueueTable[int64]{s.queue(h.Topic, h.QueueID): to}}
	s.tell(s.members.Consumers(h.Group), h, body, false)
	return &remoting.Response{Body: body.Encode()}, nil
}

func (s consumerReset) queue(topic string, id int32) protocol.MessageQueue {
	return protocol.MessageQueue{BrokerName: s.brokerName, QueueID: id, Topic: topic}
}

// tell has the members go to the offsets. forC: who asked speaks C++, and so do the members then.
func (s consumerReset) tell(all []group.Client, h *protocol.InvokeBrokerToResetOffsetRequest, body protocol.ResetOffsetBody, forC bool) {
	r := &remoting.Request{Code: protocol.ResetConsumerClientOffset, Body: body.Encode(),
		Header: protocol.ResetConsumerClientOffsetRequest{Topic: h.Topic, Group: h.Group, Timestamp: h.Timestamp}}
	if forC {
		r.Body = body.ForC().Encode()
	}
	for _, m := range all {
		if err := tell(m, r); err != nil {
			s.log.Warn("member not told of its new offsets", "group", h.Group, "client_id", m.ID, "err", err)
		}
	}
}

// statusBound is how long members are waited for: less than what makes clients give up on an answer.
const statusBound = 2400 * time.Millisecond

// status is a remoting.Handler. Members that do not answer in time are left out.
func (s consumerReset) status(c *remoting.Command, to remoting.Responder) {
	var h protocol.GetConsumerStatusFromClientRequest
	err := h.Decode(c.Ext)
	var asked []group.Client
	if err == nil {
		asked, err = s.toAsk(&h)
	}
	if err != nil {
		to.Reply(errorResponse(s.log, c, to.Channel, err))
		return
	}
	g := &statusGather{to: to, left: len(asked), body: protocol.GetConsumerStatusBody{ConsumerTable: protocol.Table[string, protocol.QueueTable[int64]]{}}}
	r := &remoting.Request{Code: protocol.GetConsumerStatusFromClient, Header: protocol.GetConsumerStatusFromClientRequest{Topic: h.Topic, Group: h.Group}}
	for _, m := range asked {
		s.ask(m, r, g)
	}
	if len(asked) == 0 {
		g.answer()
	}
}

// toAsk are the members of the group, or the one that is named.
func (s consumerReset) toAsk(h *protocol.GetConsumerStatusFromClientRequest) ([]group.Client, error) {
	all := s.members.Consumers(h.Group)
	if len(all) == 0 {
		return nil, protocol.Errorf(protocol.SystemError, "No Any Consumer online in the consumer group: [%s]", h.Group)
	}
	if h.ClientAddr == "" {
		return all, nil
	}
	for _, m := range all {
		if m.ID == h.ClientAddr {
			return []group.Client{m}, nil
		}
	}
	return nil, nil
}

func (s consumerReset) ask(m group.Client, r *remoting.Request, g *statusGather) {
	err := errors.New("no session")
	for _, session := range m.Sessions {
		if err = channelOf(session).InvokeAsync(r, statusBound, func(answer *remoting.Command, err error) { g.add(m.ID, answer, err) }); err == nil {
			return
		}
	}
	g.add(m.ID, nil, err)
}

// statusGather makes the members' answers one.
type statusGather struct {
	to remoting.Responder

	mu   sync.Mutex // guards what follows
	left int
	body protocol.GetConsumerStatusBody
}

func (g *statusGather) add(clientID string, answer *remoting.Command, err error) {
	var own protocol.GetConsumerStatusBody
	known := err == nil && answer.Code == protocol.Success && len(answer.Body) > 0 && own.Decode(answer.Body) == nil
	g.mu.Lock()
	if known {
		g.body.ConsumerTable[clientID] = own.MessageQueueTable
	}
	g.left--
	last := g.left == 0
	g.mu.Unlock()
	if last {
		g.answer()
	}
}

func (g *statusGather) answer() { g.to.Reply(&remoting.Response{Body: g.body.Encode()}) }
