package protocol

import "gantry/remoting"

// ConsumerSendMsgBackRequest gives a message back for a later retry (code 36). Offset is the
// record's place in the CommitLog.
type ConsumerSendMsgBackRequest struct {
	Offset               int64
	Group                string
	DelayLevel           int32
	OriginMsgID          string
	OriginTopic          string
	UnitMode             bool
	MaxReconsumeTimes    int32
	HasMaxReconsumeTimes bool   // false where the field is absent
	BrokerName           string // 4.9.5 and later
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *ConsumerSendMsgBackRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = ConsumerSendMsgBackRequest{
		Offset:               r.Int64("offset"),
		Group:                r.String("group"),
		DelayLevel:           r.Int32("delayLevel"),
		OriginMsgID:          r.OptString("originMsgId"),
		OriginTopic:          r.OptString("originTopic"),
		UnitMode:             r.OptBool("unitMode"),
		MaxReconsumeTimes:    r.OptInt32("maxReconsumeTimes", 0),
		HasMaxReconsumeTimes: r.Has("maxReconsumeTimes"),
		BrokerName:           r.OptString("bname"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h ConsumerSendMsgBackRequest) Encode(w *remoting.FieldWriter) {
	w.Int("offset", h.Offset)
	w.String("group", h.Group)
	w.Int("delayLevel", int64(h.DelayLevel))
	w.OptString("originMsgId", h.OriginMsgID)
	w.OptString("originTopic", h.OriginTopic)
	w.Bool("unitMode", h.UnitMode)
	if h.HasMaxReconsumeTimes {
		w.Int("maxReconsumeTimes", int64(h.MaxReconsumeTimes))
	}
	w.OptString("bname", h.BrokerName)
}
