package protocol

import "gantry/remoting"

// UpdateAndCreateTopicRequest creates or changes a topic (code 17).
type UpdateAndCreateTopicRequest struct {
	Topic           string
	DefaultTopic    string
	ReadQueueNums   int32
	WriteQueueNums  int32
	Perm            int32
	TopicFilterType string
	TopicSysFlag    int32
	Order           bool
	Attributes      string // 5.x: +key=value,-key
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *UpdateAndCreateTopicRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = UpdateAndCreateTopicRequest{
		Topic:           r.String("topic"),
		DefaultTopic:    r.String("defaultTopic"),
		ReadQueueNums:   r.Int32("readQueueNums"),
		WriteQueueNums:  r.Int32("writeQueueNums"),
		Perm:            r.Int32("perm"),
		TopicFilterType: r.String("topicFilterType"),
		TopicSysFlag:    r.OptInt32("topicSysFlag", 0),
		Order:           r.Bool("order"),
		Attributes:      r.OptString("attributes"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h UpdateAndCreateTopicRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
	w.String("defaultTopic", h.DefaultTopic)
	w.Int("readQueueNums", int64(h.ReadQueueNums))
	w.Int("writeQueueNums", int64(h.WriteQueueNums))
	w.Int("perm", int64(h.Perm))
	w.String("topicFilterType", h.TopicFilterType)
	w.Int("topicSysFlag", int64(h.TopicSysFlag))
	w.Bool("order", h.Order)
	w.OptString("attributes", h.Attributes)
}
