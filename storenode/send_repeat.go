package storenode

import (
	"errors"
	"strconv"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/repeat"
)

// What a proxy sends again, marked, after its connection broke: sends and
// send-backs. What was stored already is answered from its record.

// repeat has a send appended unless it is stored already. Where the queue was
// ours to choose, the first attempt's choice is answered.
func (s *sends) repeat(p *put, anyQueue bool) error {
	it := repeat.Request{Append: &p.request, Refuse: p.refuse}
	if anyQueue {
		it.Found = func(first message.Record) { p.header.QueueID = queueOf(first) }
	}
	if err := s.repeats.Put(it); err != nil {
		return s.refusal(err)
	}
	return nil
}

// queueOf is the queue that a record was sent to; that of a delayed one stands in
// its properties.
func queueOf(r message.Record) int32 {
	if real, err := strconv.Atoi(string(r.Properties().Get(message.PropertyRealQueueID))); err == nil {
		return int32(real)
	}
	return r.QueueID()
}

// refuse ends a send that start has left to others.
func (p *put) refuse(err error) {
	p.answerRefusal(err)
	p.owner.release(p)
}

// unknownOutcome makes an answer of the error that nobody can tell whether an
// earlier attempt is stored; any other stays as it is.
func unknownOutcome(err error) error {
	var unknown *repeat.UnknownError
	if errors.As(err, &unknown) {
		return protocol.Errorf(protocol.SystemError, "%v", unknown)
	}
	return err
}
