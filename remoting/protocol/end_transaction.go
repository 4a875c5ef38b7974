package protocol

import "gantry/remoting"

// EndTransactionRequest commits or rolls back a half message (code 37).
type EndTransactionRequest struct {
	ProducerGroup        string
	TranStateTableOffset int64
	CommitLogOffset      int64
	CommitOrRollback     int32 // transaction bits of the sysFlag: 8, 12 or 0
	FromTransactionCheck bool
	MsgID                string
	TransactionID        string
	BrokerName           string // 4.9.5 and later
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *EndTransactionRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = EndTransactionRequest{
		ProducerGroup:        r.String("producerGroup"),
		TranStateTableOffset: r.Int64("tranStateTableOffset"),
		CommitLogOffset:      r.Int64("commitLogOffset"),
		CommitOrRollback:     r.Int32("commitOrRollback"),
		FromTransactionCheck: r.OptBool("fromTransactionCheck"),
		MsgID:                r.OptString("msgId"),
		TransactionID:        r.OptString("transactionId"),
		BrokerName:           r.OptString("bname"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h EndTransactionRequest) Encode(w *remoting.FieldWriter) {
	w.String("producerGroup", h.ProducerGroup)
	w.Int("tranStateTableOffset", h.TranStateTableOffset)
	w.Int("commitLogOffset", h.CommitLogOffset)
	w.Int("commitOrRollback", int64(h.CommitOrRollback))
	w.Bool("fromTransactionCheck", h.FromTransactionCheck)
	w.OptString("msgId", h.MsgID)
	w.OptString("transactionId", h.TransactionID)
	w.OptString("bname", h.BrokerName)
}
