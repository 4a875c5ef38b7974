package storenode

import (
	"errors"
	"log/slog"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/transaction"
)

// The end of a transaction: code 37 (EndTransactionProcessor 4.9.7).
//
// Honoured: what is compared with the half message, its order and its remarks.
// Different: one that is repeated is answered and not carried out again, so that
// a proxy may send it a second time; who asks for neither commit nor rollback
// gets an answer, too; the answer waits for the disk as flushDiskType says; an
// end that contradicts the one before is refused where it wants to commit.

type endTransactions struct {
	log          *slog.Logger
	store        appender
	background   *background
	waits        *diskWaits
	transactions *transaction.Service
}

// handle is a remoting.Handler. Finding the half message may wait for the disk.
func (s *endTransactions) handle(c *remoting.Command, to remoting.Responder) {
	var h protocol.EndTransactionRequest
	if err := h.Decode(c.Ext); err != nil {
		to.Reply(errorResponse(s.log, c, to.Channel, err))
		return
	}
	if h.CommitOrRollback != message.FlagTransactionCommit && h.CommitOrRollback != message.FlagTransactionRollback {
		to.Reply(ok) // nobody knows yet: the check asks
		return
	}
	s.background.do(func() { s.end(&h, to) })
}

func (s *endTransactions) end(h *protocol.EndTransactionRequest, to remoting.Responder) {
	wait := &diskWait{late: func() { to.Reply(ok) }} // it is stored, and Java says so before the disk does
	s.transactions.End(&transaction.End{
		Group: h.ProducerGroup, QueueOffset: h.TranStateTableOffset, PhysicalOffset: h.CommitLogOffset,
		Commit:  h.CommitOrRollback == message.FlagTransactionCommit,
		Written: func() { s.waits.begin(wait) },
		Done:    func(err error) { s.done(h, to, err, s.waits.end(wait)) },
	})
}

// done answers, unless that was done late.
func (s *endTransactions) done(h *protocol.EndTransactionRequest, to remoting.Responder, err error, late bool) {
	if err != nil {
		s.log.Warn("transaction not ended", "group", h.ProducerGroup, "transaction_id", h.TransactionID, "commit_log_offset", h.CommitLogOffset,
			"remote_addr", to.Channel.Remote, "answered", late, "err", err)
	}
	if !late {
		to.Reply(s.answer(err))
	}
}

func (s *endTransactions) answer(err error) *remoting.Response {
	var wrong *transaction.WrongError
	switch {
	case err == nil:
		return ok
	case errors.As(err, &wrong):
		return &remoting.Response{Code: protocol.SystemError, Remark: wrong.Reason}
	case errors.Is(err, transaction.ErrBusy):
		return &remoting.Response{Code: protocol.SystemBusy, Remark: err.Error()}
	case errors.Is(err, transaction.ErrClosed):
		return &remoting.Response{Code: protocol.SystemError, Remark: "the broker is stopping"}
	}
	return &remoting.Response{Code: protocol.ServiceNotAvailable, Remark: "Service not available now. " + s.store.Explain(err).Error()}
}

// endAtSlave answers a slave's clients, as Java's slave does.
func endAtSlave(*remoting.Command, *remoting.Channel) (*remoting.Response, error) {
	return nil, protocol.Errorf(protocol.SlaveNotAvailable, "%v", errSlave)
}
