package protocol

import "gantry/remoting"

// DeleteSubscriptionGroupRequest takes a group from a broker (code 207).
type DeleteSubscriptionGroupRequest struct {
	GroupName    string
	RemoveOffset bool // its offsets too; 4.9 and later
}

// Decode reads the fields; 5.x calls the second one cleanOffset. Its error is a *remoting.FieldError.
func (h *DeleteSubscriptionGroupRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = DeleteSubscriptionGroupRequest{
		GroupName:    r.String("groupName"),
		RemoveOffset: r.OptBool("removeOffset") || r.OptBool("cleanOffset"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h DeleteSubscriptionGroupRequest) Encode(w *remoting.FieldWriter) {
	w.String("groupName", h.GroupName)
	w.Bool("removeOffset", h.RemoveOffset)
}
