package protocol

import "gantry/remoting"

// CheckTransactionStateRequest asks a producer about a half message (code 39).
type CheckTransactionStateRequest struct {
	TranStateTableOffset int64
	CommitLogOffset      int64
	MsgID                string // the UNIQ_KEY
	TransactionID        string
	OffsetMsgID          string
	BrokerName           string // 4.9.5 and later
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *CheckTransactionStateRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = CheckTransactionStateRequest{
		TranStateTableOffset: r.Int64("tranStateTableOffset"),
		CommitLogOffset:      r.Int64("commitLogOffset"),
		MsgID:                r.OptString("msgId"),
		TransactionID:        r.OptString("transactionId"),
		OffsetMsgID:          r.OptString("offsetMsgId"),
		BrokerName:           r.OptString("bname"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h CheckTransactionStateRequest) Encode(w *remoting.FieldWriter) {
	w.Int("tranStateTableOffset", h.TranStateTableOffset)
	w.Int("commitLogOffset", h.CommitLogOffset)
	w.OptString("msgId", h.MsgID)
	w.OptString("transactionId", h.TransactionID)
	w.OptString("offsetMsgId", h.OffsetMsgID)
	w.OptString("bname", h.BrokerName)
}
