package storenode

import (
	"strings"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/consumequeue"
	"gantry/storenode/group"
	"gantry/storenode/store"
)

// Consumer offsets and the ends of queues: codes 14, 15, 29, 30, 31 and 32
// (ConsumerManageProcessor, AdminBrokerProcessor 4.9.7). An error of 14 means "no
// offset" to clients before 5.x, so it is never answered with one that will pass.

type offsetRequests struct {
	offsets *group.Offsets
	store   *store.Store
}

func (o offsetRequests) query(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.QueryConsumerOffsetRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	if offset, found := o.offsets.Query([]byte(h.Topic), []byte(h.ConsumerGroup), h.QueueID); found && offset >= 0 {
		return &remoting.Response{Header: protocol.QueryConsumerOffsetResponse{Offset: offset}}, nil
	}
	// A group that begins on a queue whose first message is still in memory
	// begins with that message, whatever its consumeFromWhere says.
	if h.SetZeroIfNotFound && o.store.MinOffset(h.Topic, h.QueueID) <= 0 && !o.store.InDisk(h.Topic, h.QueueID, 0) {
		return &remoting.Response{Header: protocol.QueryConsumerOffsetResponse{}}, nil
	}
	return nil, protocol.Errorf(protocol.QueryNotFound, "Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first")
}

func (o offsetRequests) update(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.UpdateConsumerOffsetRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	if err := o.offsets.Commit([]byte(h.Topic), []byte(h.ConsumerGroup), h.QueueID, h.CommitOffset); err != nil {
		return nil, err
	}
	return ok, nil
}

func (o offsetRequests) max(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.GetMaxOffsetRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	return &remoting.Response{Header: protocol.GetMaxOffsetResponse{Offset: o.store.MaxOffset(h.Topic, h.QueueID)}}, nil
}

func (o offsetRequests) min(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.GetMinOffsetRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	return &remoting.Response{Header: protocol.GetMinOffsetResponse{Offset: o.store.MinOffset(h.Topic, h.QueueID)}}, nil
}

func (o offsetRequests) byTime(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.SearchOffsetByTimestampRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	offset, err := o.searched(&h)
	if err != nil {
		return nil, err
	}
	return &remoting.Response{Header: protocol.SearchOffsetByTimestampResponse{Offset: offset}}, nil
}

// searched is the offset of a time. Who says which boundary, as 5.x clients do,
// gets 5.3.3's answer.
func (o offsetRequests) searched(h *protocol.SearchOffsetByTimestampRequest) (int64, error) {
	switch {
	case h.BoundaryType == "":
		return o.store.OffsetByTime(h.Topic, h.QueueID, h.Timestamp)
	case strings.EqualFold(h.BoundaryType, "UPPER"):
		return o.store.OffsetByBoundary(h.Topic, h.QueueID, h.Timestamp, consumequeue.Upper)
	}
	return o.store.OffsetByBoundary(h.Topic, h.QueueID, h.Timestamp, consumequeue.Lower)
}

func (o offsetRequests) earliest(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.GetEarliestMsgStoreTimeRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	timestamp, err := o.store.EarliestStoreTime(h.Topic, h.QueueID)
	if err != nil {
		return nil, err
	}
	return &remoting.Response{Header: protocol.GetEarliestMsgStoreTimeResponse{Timestamp: timestamp}}, nil
}
