package storenode

import (
	"context"
	"errors"
	"fmt"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/group"
	"gantry/storenode/store"
)

// Topics and groups taken away by hand: codes 215 and 207 (AdminBrokerProcessor
// 4.9.7). A topic's queues go at once, its records when they expire; what groups
// have committed of it stays, as in Java. A topic that does not exist may be
// deleted, a built-in one not. The answer comes when that is on the disk.

type deletions struct {
	administration
	slave   bool
	deleted *deletedTopics
	offsets *group.Offsets
	store   *store.Store
}

// errAtSlave is Java's answer (validateSlave).
var errAtSlave = &protocol.Error{Code: protocol.SystemError, Remark: "Can't modify topic or subscription group from slave broker, please execute it from master broker."}

func (d deletions) topic(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h protocol.DeleteTopicInBrokerRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	if d.slave {
		return nil, errAtSlave
	}
	if err := d.topics.ValidateNew(h.Topic); err != nil {
		return nil, &protocol.Error{Code: protocol.SystemError, Remark: err.Error()}
	}
	d.log.Info("topic deleted", "topic", h.Topic, "remote_addr", from.Remote)
	err := d.deleted.add(h.Topic, d.store.End())
	if err == nil {
		d.topics.Delete(h.Topic)
		err = errors.Join(d.store.DeleteTopic(h.Topic), d.topics.Flush())
	}
	if err != nil {
		return nil, fmt.Errorf("delete topic %s: %w", h.Topic, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), announceBound)
	defer cancel()
	if err := d.announce(ctx); err != nil {
		d.log.Warn("topic's end not announced in time", "topic", h.Topic, "err", err)
	}
	return ok, nil
}

func (d deletions) group(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h protocol.DeleteSubscriptionGroupRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	if d.slave {
		return nil, errAtSlave
	}
	d.log.Info("subscription group deleted", "group", h.GroupName, "with_offsets", h.RemoveOffset, "remote_addr", from.Remote)
	d.groups.Delete(h.GroupName)
	err := d.groups.Flush()
	if h.RemoveOffset && d.offsets.Remove(h.GroupName) && err == nil {
		err = d.offsets.Flush()
	}
	if err != nil {
		return nil, fmt.Errorf("delete group %s: %w", h.GroupName, err)
	}
	return ok, nil
}
