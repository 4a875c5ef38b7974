package protocol

import "gantry/remoting"

// SendMessageResponse answers every send whose message is stored (codes
// Success, FlushDiskTimeout, SlaveNotAvailable, FlushSlaveTimeout). []byte
// fields borrow from the command, or from whoever encodes them. Handing a
// pointer to remoting.Response keeps encoding free of allocation.
type SendMessageResponse struct {
	MsgID         []byte // offsetMsgId; of a batch all, joined by commas
	QueueID       int32
	QueueOffset   int64  // of a batch the first; of a half message its half queue's
	TransactionID []byte // nil where absent
	Region        string // MSG_REGION
	TraceOn       bool   // TRACE_ON: whether the client may send traces
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *SendMessageResponse) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = SendMessageResponse{
		MsgID:         r.Bytes("msgId"),
		QueueID:       r.Int32("queueId"),
		QueueOffset:   r.Int64("queueOffset"),
		TransactionID: r.OptBytes("transactionId"),
		Region:        r.OptString("MSG_REGION"),
		TraceOn:       r.OptBool("TRACE_ON"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h *SendMessageResponse) Encode(w *remoting.FieldWriter) {
	w.Bytes("msgId", h.MsgID)
	w.Int("queueId", int64(h.QueueID))
	w.Int("queueOffset", h.QueueOffset)
	if h.TransactionID != nil {
		w.Bytes("transactionId", h.TransactionID)
	}
	w.OptString("MSG_REGION", h.Region)
	w.Bool("TRACE_ON", h.TraceOn)
}
