package storenode

import (
	"math"
	"strings"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/group"
	"gantry/storenode/store"
	"gantry/storenode/topic"
)

// Offsets of several groups: codes 308 and 314 (AdminBrokerProcessor 4.9.7). Different: 314 without a topic clones all
// topics, where Java clones none; groups that 308 leaves out keep their offsets, which Java deletes.

type offsetTools struct {
	topics  *topic.Table
	offsets *group.Offsets
	members *group.Members
	store   *store.Store
}

func (o offsetTools) clone(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.CloneGroupOffsetRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	topics := []string{h.Topic}
	if h.Topic == "" {
		topics = o.offsets.TopicsOf(h.SrcGroup)
	}
	for _, name := range topics {
		if o.topics.Get([]byte(name)) == nil || !h.Offline && o.members.Skips(h.SrcGroup, name) {
			continue
		}
		if err := o.offsets.Clone(name, h.SrcGroup, h.DestGroup); err != nil {
			return nil, err
		}
	}
	return ok, nil
}

// correction answers 308: by queue the lowest offset of all groups, and MaxInt64 where the compared group is before it.
func (o offsetTools) correction(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.QueryCorrectionOffsetRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	lowest := o.lowest(h.Topic, strings.Split(h.FilterGroups, ","))
	for id, offset := range o.offsets.Of(h.Topic, h.CompareGroup) {
		if at, known := lowest[id]; known && at > offset {
			lowest[id] = math.MaxInt64
		}
	}
	return &remoting.Response{Body: protocol.QueryCorrectionOffsetBody{CorrectionOffsets: lowest}.Encode()}, nil
}

// lowest are the lowest offsets, of messages still there, of all groups but some.
func (o offsetTools) lowest(topic string, but []string) protocol.Table[int32, int64] {
	left := map[string]bool{}
	for _, name := range but {
		left[name] = true
	}
	lowest := protocol.Table[int32, int64]{}
	for _, name := range o.offsets.GroupsOf(topic) {
		if left[name] {
			continue
		}
		for id, offset := range o.offsets.Of(topic, name) {
			if at, known := lowest[id]; offset >= o.store.MinOffset(topic, id) && (!known || offset < at) {
				lowest[id] = offset
			}
		}
	}
	return lowest
}
