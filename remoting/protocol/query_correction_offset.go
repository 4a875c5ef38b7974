package protocol

import "gantry/remoting"

// QueryCorrectionOffsetRequest compares a group's offsets in a topic with the lowest of all groups but FilterGroups,
// `,` between them (code 308).
type QueryCorrectionOffsetRequest struct {
	FilterGroups string
	CompareGroup string
	Topic        string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *QueryCorrectionOffsetRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = QueryCorrectionOffsetRequest{
		FilterGroups: r.OptString("filterGroups"),
		CompareGroup: r.String("compareGroup"),
		Topic:        r.String("topic"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h QueryCorrectionOffsetRequest) Encode(w *remoting.FieldWriter) {
	w.OptString("filterGroups", h.FilterGroups)
	w.String("compareGroup", h.CompareGroup)
	w.String("topic", h.Topic)
}

// QueryCorrectionOffsetBody answers code 308, by queue id.
type QueryCorrectionOffsetBody struct {
	CorrectionOffsets Table[int32, int64] `json:"correctionOffsets"`
}

// Decode reads a body.
func (b *QueryCorrectionOffsetBody) Decode(body []byte) error {
	*b = QueryCorrectionOffsetBody{}
	return unmarshal("correction offsets", body, b)
}

// Encode writes a body.
func (b QueryCorrectionOffsetBody) Encode() []byte { return marshal(b) }
