package protocol

import "gantry/remoting"

// QueryTopicConsumeByWhoRequest asks which groups consume a topic (code 300).
type QueryTopicConsumeByWhoRequest struct {
	Topic string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *QueryTopicConsumeByWhoRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = QueryTopicConsumeByWhoRequest{
		Topic: r.String("topic"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h QueryTopicConsumeByWhoRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
}

// GroupList answers code 300.
type GroupList struct {
	GroupList Set[string] `json:"groupList"`
}

// Decode reads a body.
func (b *GroupList) Decode(body []byte) error {
	*b = GroupList{}
	return unmarshal("group list", body, b)
}

// Encode writes a body.
func (b GroupList) Encode() []byte { return marshal(b) }
