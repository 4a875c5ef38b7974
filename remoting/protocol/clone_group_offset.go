package protocol

import "gantry/remoting"

// CloneGroupOffsetRequest gives a group the offsets of another (code 314): in a topic, or in all where Topic is "".
// Offline takes topics along that the group has offsets of and, being online, does not subscribe to.
type CloneGroupOffsetRequest struct {
	SrcGroup  string
	DestGroup string
	Topic     string
	Offline   bool
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *CloneGroupOffsetRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = CloneGroupOffsetRequest{
		SrcGroup:  r.String("srcGroup"),
		DestGroup: r.String("destGroup"),
		Topic:     r.OptString("topic"),
		Offline:   r.OptBool("offline"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h CloneGroupOffsetRequest) Encode(w *remoting.FieldWriter) {
	w.String("srcGroup", h.SrcGroup)
	w.String("destGroup", h.DestGroup)
	w.OptString("topic", h.Topic)
	w.Bool("offline", h.Offline)
}
