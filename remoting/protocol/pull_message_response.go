package protocol

import "gantry/remoting"

// PullMessageResponse answers a pull with code Success, PullNotFound,
// PullRetryImmediately or PullOffsetMoved: clients need all four fields with
// each of them. The body is records as they lie in the CommitLog. Handing a
// pointer to remoting.Response keeps encoding free of allocation.
type PullMessageResponse struct {
	SuggestWhichBrokerID int64
	NextBeginOffset      int64
	MinOffset            int64
	MaxOffset            int64
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *PullMessageResponse) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = PullMessageResponse{
		SuggestWhichBrokerID: r.Int64("suggestWhichBrokerId"),
		NextBeginOffset:      r.Int64("nextBeginOffset"),
		MinOffset:            r.Int64("minOffset"),
		MaxOffset:            r.Int64("maxOffset"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h *PullMessageResponse) Encode(w *remoting.FieldWriter) {
	w.Int("suggestWhichBrokerId", h.SuggestWhichBrokerID)
	w.Int("nextBeginOffset", h.NextBeginOffset)
	w.Int("minOffset", h.MinOffset)
	w.Int("maxOffset", h.MaxOffset)
}
