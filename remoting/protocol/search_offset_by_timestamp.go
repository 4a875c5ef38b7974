package protocol

import "gantry/remoting"

// SearchOffsetByTimestampRequest asks for the offset of a store time in ms (code 29).
type SearchOffsetByTimestampRequest struct {
	Topic        string
	QueueID      int32
	Timestamp    int64
	BoundaryType string // 5.x: LOWER or UPPER
	BrokerName   string // 4.9.5 and later
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *SearchOffsetByTimestampRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = SearchOffsetByTimestampRequest{
		Topic:        r.String("topic"),
		QueueID:      r.Int32("queueId"),
		Timestamp:    r.Int64("timestamp"),
		BoundaryType: r.OptString("boundaryType"),
		BrokerName:   r.OptString("bname"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h SearchOffsetByTimestampRequest) Encode(w *remoting.FieldWriter) {
	w.String("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	w.Int("timestamp", h.Timestamp)
	w.OptString("boundaryType", h.BoundaryType)
	w.OptString("bname", h.BrokerName)
}

// SearchOffsetByTimestampResponse answers code 29.
type SearchOffsetByTimestampResponse struct {
	Offset int64
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *SearchOffsetByTimestampResponse) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = SearchOffsetByTimestampResponse{
		Offset: r.Int64("offset"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h SearchOffsetByTimestampResponse) Encode(w *remoting.FieldWriter) {
	w.Int("offset", h.Offset)
}
