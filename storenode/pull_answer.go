package storenode

import (
	"errors"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/longpoll"
	"gantry/storenode/store"
)

// pullCodes is the answer to each status of a look-up that is the same for
// every offset asked for.
var pullCodes = map[store.Status]int32{
	store.Found:               protocol.Success,
	store.MessageWasRemoving:  protocol.PullRetryImmediately,
	store.NoMatchedMessage:    protocol.PullRetryImmediately,
	store.OffsetFoundNull:     protocol.PullNotFound,
	store.OffsetOverflowOne:   protocol.PullNotFound,
	store.OffsetOverflowBadly: protocol.PullOffsetMoved,
	store.OffsetTooSmall:      protocol.PullOffsetMoved,
}

// code is the answer to a status. An empty queue has nothing yet at 0; any other
// offset in it is wrong.
func (p *pull) code(s store.Status) int32 {
	if c, found := pullCodes[s]; found {
		return c
	}
	if p.offset != 0 {
		return protocol.PullOffsetMoved
	}
	return protocol.PullNotFound
}

// suggestion is the brokerId that the client is to pull from next.
func (p *pull) suggestion(found *store.Result) int64 {
	switch {
	case !p.owner.config.SlaveReadEnable:
		return masterID
	case found.SuggestSlave:
		return p.group.WhichBrokerWhenConsumeSlowly
	}
	return p.group.BrokerID
}

// mayLag says that an offset which is not in the queue may be in the master's:
// nobody is told another.
func (p *pull) mayLag() bool {
	return p.owner.config.Role() == Slave && !p.owner.config.OffsetCheckInSlave
}

// asked are the statuses with which a slave that may lag leaves the client its
// offset.
var asked = map[store.Status]bool{
	store.NoMessageInQueue: true, store.OffsetFoundNull: true, store.OffsetOverflowBadly: true, store.OffsetTooSmall: true,
}

// now has serve see what is in memory; false where there may be more on the disk.
func (p *pull) now(serve func(*store.Result)) bool {
	found, ok := p.owner.store.GetNow(p.query())
	if ok {
		serve(found)
	}
	return ok
}

// find has serve see what is there.
func (p *pull) find(serve func(*store.Result)) {
	found, err := p.owner.store.Get(p.query())
	if err != nil {
		p.fail(err)
		return
	}
	serve(found)
}

// first lets the pull wait where there are no messages yet.
func (p *pull) first(found *store.Result) {
	if p.suspend > 0 && p.code(found.Status) == protocol.PullNotFound && p.hold() {
		found.Release()
		return
	}
	p.answer(found)
}

func (p *pull) query() store.Query {
	return store.Query{
		Topic: p.topic, QueueID: p.queueID, Offset: p.offset, MaxNum: p.maxNum, Match: p.matcher.MatchTagsCode, MatchProperties: p.properties,
	}
}

// hold lets the pull wait for a message; false where no more pulls can, so that
// it is answered at once. A channel that closed before the pull was held has let
// its pulls go already, so this one is dropped here.
func (p *pull) hold() bool {
	err := p.owner.held.Hold(longpoll.Pull{
		Topic: p.topic, QueueID: p.queueID, Offset: p.offset, Deadline: time.Now().Add(p.suspend),
		Wants: p.wants, Owner: p.to.Channel,
		Resume: p.resume,
	})
	switch {
	case err == nil && p.to.Channel.Gone():
		p.owner.held.Drop(p.to.Channel)
	case err != nil && !errors.Is(err, longpoll.ErrClosed):
		p.owner.log.Warn("pull not held", "topic", p.topic, "queue_id", p.queueID, "remote_addr", p.to.Channel.Remote, "err", err)
	}
	return err == nil
}

// resume answers whatever there is now.
func (p *pull) resume(longpoll.Reason) {
	if !p.now(p.answer) {
		p.owner.background.do(func() { p.find(p.answer) })
	}
}

// wants says whether a message that arrives is worth a look.
func (p *pull) wants(tagsCode int64, properties []byte) bool {
	return p.matcher.MatchTagsCode(tagsCode) && (p.properties == nil || p.properties(properties))
}

func (p *pull) answer(found *store.Result) {
	defer found.Release()
	p.header = protocol.PullMessageResponse{
		SuggestWhichBrokerID: p.suggestion(found), NextBeginOffset: found.NextBeginOffset, MinOffset: found.MinOffset, MaxOffset: found.MaxOffset,
	}
	if found.Count > 0 {
		p.owner.rates.Given(p.group.Name, p.topic, found.Count)
	}
	code := p.code(found.Status)
	if p.mayLag() && asked[found.Status] {
		p.header.NextBeginOffset = p.offset
	}
	if p.mayLag() && code == protocol.PullOffsetMoved {
		code, p.header.SuggestWhichBrokerID = protocol.PullRetryImmediately, p.group.BrokerID
	}
	p.to.Reply(&remoting.Response{Code: code, Remark: found.Status.String(), Header: &p.header, Body: found.Bytes})
}

// fail answers SYSTEM_ERROR, after which stock clients ask again in 3 s. That units are being mended is logged once, by the
// store.
func (p *pull) fail(err error) {
	if !errors.Is(err, store.ErrMending) {
		p.owner.log.Error("pull failed", "topic", p.topic, "queue_id", p.queueID, "remote_addr", p.to.Channel.Remote, "err", err)
	}
	p.to.Reply(&remoting.Response{Code: protocol.SystemError, Remark: err.Error()})
}
