package protocol

import "gantry/remoting"

// PushReplyMessageToClientRequest hands a reply to the client that asked (code 326, Java's ReplyMessageRequestHeader); the
// body is the reply's.
type PushReplyMessageToClientRequest struct {
	ProducerGroup         string
	Topic                 string
	DefaultTopic          string
	DefaultTopicQueueNums int32
	QueueID               int32
	SysFlag               int32
	BornTimestamp         int64 // ms, the replier's clock
	Flag                  int32
	Properties            []byte
	ReconsumeTimes        int32
	UnitMode              bool
	BornHost              string // ip:port
	StoreHost             string // ip:port
	StoreTimestamp        int64  // ms
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *PushReplyMessageToClientRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = PushReplyMessageToClientRequest{
		ProducerGroup:         r.String("producerGroup"),
		Topic:                 r.String("topic"),
		DefaultTopic:          r.String("defaultTopic"),
		DefaultTopicQueueNums: r.Int32("defaultTopicQueueNums"),
		QueueID:               r.Int32("queueId"),
		SysFlag:               r.Int32("sysFlag"),
		BornTimestamp:         r.Int64("bornTimestamp"),
		Flag:                  r.Int32("flag"),
		Properties:            r.OptBytes("properties"),
		ReconsumeTimes:        r.OptInt32("reconsumeTimes", 0),
		UnitMode:              r.OptBool("unitMode"),
		BornHost:              r.String("bornHost"),
		StoreHost:             r.String("storeHost"),
		StoreTimestamp:        r.Int64("storeTimestamp"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h PushReplyMessageToClientRequest) Encode(w *remoting.FieldWriter) {
	w.String("producerGroup", h.ProducerGroup)
	w.String("topic", h.Topic)
	w.String("defaultTopic", h.DefaultTopic)
	w.Int("defaultTopicQueueNums", int64(h.DefaultTopicQueueNums))
	w.Int("queueId", int64(h.QueueID))
	w.Int("sysFlag", int64(h.SysFlag))
	w.Int("bornTimestamp", h.BornTimestamp)
	w.Int("flag", int64(h.Flag))
	if h.Properties != nil {
		w.Bytes("properties", h.Properties)
	}
	w.Int("reconsumeTimes", int64(h.ReconsumeTimes))
	w.Bool("unitMode", h.UnitMode)
	w.String("bornHost", h.BornHost)
	w.String("storeHost", h.StoreHost)
	w.Int("storeTimestamp", h.StoreTimestamp)
}
