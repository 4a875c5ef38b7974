package storenode

import (
	"log/slog"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/filter"
	"gantry/storenode/group"
	"gantry/storenode/longpoll"
	"gantry/storenode/store"
	"gantry/storenode/topic"
)

// Pulls: codes 11 and 361 (PullMessageProcessor 4.9.7).
//
// Honoured: the Java broker's checks in its order, its statuses and codes, long
// polling, the commit that rides on a pull. Different: a pull of a group whose
// heartbeat has not come since the start is served from the subscriptions kept;
// a pull that finds its offset moved writes no OFFSET_MOVED_EVENT; a slave wakes
// held pulls at once (Java's looks every 5 s).

type pulls struct {
	log        *slog.Logger
	config     Config
	topics     *topic.Table
	groups     *group.Configs
	members    *group.Members
	offsets    *group.Offsets
	store      *store.Store
	held       *longpoll.Table
	background *background
	rates      *group.Rates

	stated filter.Cache // what pulls bring along
}

// pull is one request while it is served; it owns copies of what it needs.
type pull struct {
	owner   *pulls
	to      remoting.Responder
	topic   string
	queueID int32
	offset  int64
	maxNum  int
	matcher filter.Matcher
	group   *group.Config
	suspend time.Duration // how long it may wait for a message; 0 not at all
	header  protocol.PullMessageResponse

	properties func(message.Properties) bool // decides behind matcher's codes; nil where they do
}

// handle is a remoting.Handler: what is in memory is answered here, the rest in
// the background.
func (s *pulls) handle(c *remoting.Command, to remoting.Responder) {
	var h protocol.PullMessageRequest
	err := h.Decode(c.Ext)
	var p *pull
	if err == nil {
		p, err = s.check(&h, to)
	}
	if err != nil {
		to.Reply(errorResponse(s.log, c, to.Channel, err))
		return
	}
	if h.SysFlag&protocol.PullCommitOffset != 0 && s.config.Role() != Slave {
		if err := s.offsets.Commit(h.Topic, h.ConsumerGroup, h.QueueID, h.CommitOffset); err != nil {
			s.log.Warn("offset of a pull not committed", "topic", p.topic, "group", string(h.ConsumerGroup), "err", err)
		}
	}
	if !p.now(p.first) {
		s.fetch(p)
	}
}

// fetch looks on the disk.
func (s *pulls) fetch(p *pull) {
	do := s.background.doCold
	if s.store.Recent(p.topic, p.queueID, p.offset) {
		do = s.background.do
	}
	do(func() { p.find(p.first) })
}

func (s *pulls) check(h *protocol.PullMessageRequest, to remoting.Responder) (*pull, error) {
	if !topic.Perm(s.config.now().BrokerPermission).Readable() {
		return nil, protocol.Errorf(protocol.NoPermission, "the broker[%s] pulling message is forbidden", s.config.BrokerIP1)
	}
	g, err := s.groups.Find(h.ConsumerGroup)
	if err != nil {
		return nil, protocol.Errorf(protocol.SubscriptionGroupNotExist, "subscription group [%s] does not exist, %s", h.ConsumerGroup, seeFAQ)
	}
	if !g.ConsumeEnable {
		return nil, protocol.Errorf(protocol.NoPermission, "subscription group no permission, %s", h.ConsumerGroup)
	}
	t := s.topics.Get(h.Topic)
	switch {
	case t == nil:
		return nil, protocol.Errorf(protocol.TopicNotExist, "topic[%s] not exist, apply first please! %s", h.Topic, seeFAQ)
	case !t.Perm.Readable():
		return nil, protocol.Errorf(protocol.NoPermission, "the topic[%s] pulling message is forbidden", h.Topic)
	case h.QueueID < 0 || h.QueueID >= t.ReadQueueNums:
		return nil, protocol.Errorf(protocol.SystemError, "queueId[%d] is illegal, topic:[%s] topicConfig.readQueueNums:[%d] consumer:[/%s]",
			h.QueueID, h.Topic, t.ReadQueueNums, to.Channel.Remote)
	}
	matcher, err := s.matcher(h, g)
	if err != nil {
		return nil, err
	}
	return &pull{owner: s, to: to, topic: t.Name, queueID: h.QueueID, offset: h.QueueOffset,
		maxNum: int(h.MaxMsgNums), matcher: matcher, properties: s.byProperties(t.Name, matcher), group: g, suspend: s.suspension(h)}, nil
}

// maxSuspension bounds what a client may ask for; stock ones ask for 20 s at most.
const maxSuspension = time.Minute

// suspension is how long the pull may be held.
func (s *pulls) suspension(h *protocol.PullMessageRequest) time.Duration {
	if h.SysFlag&protocol.PullSuspend == 0 {
		return 0
	}
	millis := h.SuspendTimeoutMillis
	if !s.config.now().LongPollingEnable {
		millis = s.config.now().ShortPollingMillis
	}
	return time.Duration(min(millis, maxSuspension.Milliseconds())) * time.Millisecond
}
