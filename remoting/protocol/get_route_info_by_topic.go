package protocol

import "gantry/remoting"

// GetRouteInfoByTopicRequest asks a NameServer where a topic's queues are (code 105); the
// answer's body is a TopicRouteData.
type GetRouteInfoByTopicRequest struct {
	Topic                  string
	AcceptStandardJSONOnly bool

	// Of clients from 5.0 on.
	ZoneMode bool   // only brokers of ZoneName are wanted
	ZoneName string // where the client is
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetRouteInfoByTopicRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetRouteInfoByTopicRequest{
		Topic:                  r.String("topic"),
		AcceptStandardJSONOnly: r.OptBool("acceptStandardJsonOnly"),
		ZoneMode:               r.OptBool(fieldZoneMode),
		ZoneName:               r.OptString(fieldZoneName),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetRouteInfoByTopicRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
	if h.AcceptStandardJSONOnly {
		w.Bool("acceptStandardJsonOnly", true)
	}
	if h.ZoneMode {
		w.Bool(fieldZoneMode, true)
	}
	w.OptString(fieldZoneName, h.ZoneName)
}
