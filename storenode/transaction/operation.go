package transaction

import (
	"fmt"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
)

// opRecord is an operation record on its way into the log. Its functions must not block.
type opRecord struct {
	half    int64
	wait    bool                                  // answer when the disk has it
	waits   func()                                // it is written and waits for the disk; may be nil
	written func()                                // it is in the log
	answer  func(end commitlog.Offset, err error) // it is as safe as wait asks, and lies before end; after written
	failed  func(error)                           // it is not in the log; instead of both
}

func (s *Service) writeOp(op *opRecord) {
	r := s.opRequest(op)
	if err := s.config.Store.AppendReserved(r); err != nil {
		op.failed(err)
	}
}

// opRequest is what the log is asked to append.
func (s *Service) opRequest(op *opRecord) *commitlog.Request {
	m := operation(op.half, s.config.StoreHost())
	noted := false
	r := &commitlog.Request{Topic: m.Topic, QueueID: m.QueueID, Wait: op.wait}
	r.Written = func(r *commitlog.Request) {
		noted = true
		if op.waits != nil {
			op.waits()
		}
		s.note(op.half, r.QueueOffset)
		op.written()
	}
	r.Done = func(r *commitlog.Request) {
		switch {
		case noted:
		case r.Err != nil:
			op.failed(r.Err)
			return
		default:
			s.note(op.half, r.QueueOffset)
			op.written()
		}
		op.answer(endOf(r), r.Err)
	}
	var err error
	if r.Records, err = message.AppendRecord(nil, m); err != nil {
		panic(fmt.Sprintf("BUG: operation record of half message %d: %v", op.half, err)) // all of it is ours
	}
	return r
}

// note takes an operation record into the ledger: in the order of the log, as the appender tells.
func (s *Service) note(q, op int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledger.end(q, op)
	s.changed()
}

// owe keeps an operation record of a committed message that the log did not take. Its claim bounds how many there are.
func (s *Service) owe(op *opRecord) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owed = append(s.owed, op)
	s.poke()
}

func (s *Service) writeOwed() {
	s.mu.Lock()
	owed := s.owed
	s.owed = nil
	s.mu.Unlock()
	for _, op := range owed {
		s.writeOp(op)
	}
}

func endOf(r *commitlog.Request) commitlog.Offset { return r.Offset + commitlog.Offset(len(r.Records)) }
