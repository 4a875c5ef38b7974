package storenode

import (
	"errors"
	"log/slog"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/commitlog"
	"gantry/storenode/replica"
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
	slaves       slaveWaits
	transactions *transaction.Service
}

// handle is a remoting.Handler. Finding the half message may wait for the disk.
func (s *endTransactions) handle(c *remoting.Command, to remoting.Responder) {
	var h protocol.EndTransactionRequest
	if err := h.Decode(c.Ext); err != nil {
		to.Reply(errorResponse(s.log, c, to.Channel, err))
		return
	}
	switch h.CommitOrRollback {
	case message.FlagTransactionCommit, message.FlagTransactionRollback:
	case 0:
		to.Reply(ok) // nobody knows yet: the check asks
		return
	default:
		to.Reply(&remoting.Response{Code: protocol.SystemError, Remark: "commitOrRollback field wrong"})
		return
	}
	if err := s.slaves.admit(); err != nil && !to.Oneway() {
		to.Reply(&remoting.Response{Code: protocol.SystemBusy, Remark: err.Error()})
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
		Done: func(end commitlog.Offset, err error) {
			late := s.waits.end(wait)
			s.done(h, to, done{end, wait.since, late, err})
		},
	})
}

// done is how an end went.
type done struct {
	end     commitlog.Offset // all that says so lies before it
	written time.Time        // and was written then, where that was waited for
	late    bool             // the answer has been given
	err     error
}

// done answers, unless that was done late; with SYNC_MASTER when a slave has it, or
// in time all the same, as Java does without asking slaves.
func (s *endTransactions) done(h *protocol.EndTransactionRequest, to remoting.Responder, d done) {
	if d.err != nil {
		s.log.Warn("transaction not ended", "group", h.ProducerGroup, "transaction_id", h.TransactionID, "commit_log_offset", h.CommitLogOffset,
			"remote_addr", to.Channel.Remote, "answered", d.late, "err", d.err)
	}
	switch {
	case d.late:
	case d.err == nil && !to.Oneway() && s.slaves.begin(&commitlog.Request{Offset: d.end, Wait: true}, d.written, &replica.Wait{Done: func(replica.Outcome) { to.Reply(ok) }}):
	default:
		to.Reply(s.answer(d.err))
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
