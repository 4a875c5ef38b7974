package storenode

import (
	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/commitlog"
	"gantry/storenode/store"
)

// Messages by place and by key: codes 33 and 12 (QueryMessageProcessor 4.9.7).
// The answer's body is the records as they lie in the log.

type queries struct {
	config Config
	store  *store.Store
}

func (q queries) byOffset(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.ViewMessageByIDRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	record, err := q.store.RecordAt(commitlog.Offset(h.Offset))
	if err != nil {
		return nil, protocol.Errorf(protocol.SystemError, "can not find message by the offset, %d", h.Offset)
	}
	return &remoting.Response{Body: record}, nil
}

func (q queries) byKey(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.QueryMessageRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	most := h.MaxNum
	if h.UniqueKeyQuery {
		most = q.config.now().DefaultQueryMaxNum
	}
	found, err := q.store.QueryByKey(h.Topic, h.Key, int(min(most, q.config.MaxMsgsNumBatch)), h.BeginTimestamp, h.EndTimestamp)
	if err != nil {
		return nil, err
	}
	r := &remoting.Response{Body: found.Records, Header: protocol.QueryMessageResponse{
		IndexLastUpdateTimestamp: found.LastStoreTimestamp, IndexLastUpdatePhyoffset: int64(found.LastOffset)}}
	if len(found.Records) == 0 {
		r.Code, r.Remark = protocol.QueryNotFound, "can not find message, maybe time range not correct"
	}
	return r, nil
}
