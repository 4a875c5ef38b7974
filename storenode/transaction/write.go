package transaction

import (
	"sync"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/topic"
)

// writing is what a transaction's end appends: the message where it is committed, and an operation record for each of its
// open half messages. The first of them is appended with the message, and refused with it; others follow. The answer is
// given when the message is as safe as its sender was told a send is; without one, when the records are.
type writing struct {
	s      *Service
	e      ending
	key    string
	halves []int64
	commit bool
	told   sync.Once

	mu      sync.Mutex       // guards the rest
	begun   bool             // the operation records are on their way
	err     error            // of the first append that failed
	end     commitlog.Offset // behind what is written
	waits   int              // appends that the answer waits for
	unwrote int              // operation records that are not in the log
}

// write ends a claimed transaction.
func (s *Service) write(e ending, key string, commit bool, halves []int64) {
	w := &writing{s: s, e: e, key: key, halves: halves, commit: commit, waits: len(halves), unwrote: len(halves)}
	switch {
	case commit:
		w.waits++
		w.writeMessage()
	case len(halves) == 0:
		s.release(key)
		s.answerEnded(e)
	default:
		w.writeOps(halves)
	}
}

func (w *writing) writeMessage() {
	m := w.e.half.committed(w.s.config.Levels)
	if m.Topic != topic.ScheduleTopic {
		if err := w.s.config.Hold(m); err != nil {
			w.messageDone(0, err)
			return
		}
	}
	r := &commitlog.Request{Topic: m.Topic, QueueID: m.QueueID, Wait: true}
	r.Written = func(*commitlog.Request) {
		w.written()
		w.writeOps(w.others())
	}
	r.Done = func(r *commitlog.Request) { w.messageDone(endOf(r), r.Err) }
	if len(w.halves) > 0 {
		first := w.op(w.halves[0])
		first.failed = func(error) {} // nor is the message in the log
		r.Then = w.s.opRequest(first)
	}
	if err := w.s.append(r, m); err != nil {
		w.messageDone(0, err)
	}
}

// others are the half messages whose operation records do not go with the message.
func (w *writing) others() []int64 { return w.halves[min(1, len(w.halves)):] }

// append encodes a message and hands it to the log, into the room that sends must leave: what it belongs to was taken.
func (s *Service) append(r *commitlog.Request, m *message.Message) (err error) {
	if r.Records, err = message.AppendRecord(nil, m); err != nil {
		return err
	}
	return s.config.Store.AppendReserved(r)
}

// messageDone hears of the message. One that is not in the log leaves its half messages open.
func (w *writing) messageDone(end commitlog.Offset, err error) {
	w.mu.Lock()
	begun := w.begun
	w.mu.Unlock()
	if !begun && err != nil {
		w.s.release(w.key)
		w.e.Done(0, err)
		return
	}
	if !begun {
		w.writeOps(w.others())
	}
	w.count(1, 0, end, err)
}

// writeOps writes operation records. Of a rollback they are all there is, and the answer waits for the disk.
func (w *writing) writeOps(halves []int64) {
	w.mu.Lock()
	w.begun = true
	w.mu.Unlock()
	for _, q := range halves {
		w.s.writeOp(w.op(q))
	}
}

func (w *writing) op(q int64) *opRecord {
	op := &opRecord{half: q, wait: !w.commit}
	op.written = func() { w.count(0, 1, 0, nil) }
	op.answer = func(end commitlog.Offset, err error) { w.count(1, 0, end, err) }
	op.failed = func(err error) { w.opFailed(op, err) }
	if !w.commit {
		op.waits = w.written
	}
	return op
}

// written tells once that the answer waits for the disk.
func (w *writing) written() { w.told.Do(w.e.Written) }

// opFailed leaves the half message of a rollback open. That of a committed message is owed its operation record: the
// transaction stays claimed until it is written, and nobody waits for that.
func (w *writing) opFailed(op *opRecord, err error) {
	if !w.commit {
		w.count(1, 1, 0, err)
		return
	}
	op.answer = func(commitlog.Offset, error) {}
	op.failed = func(error) { w.s.owe(op) }
	w.s.owe(op)
	w.count(1, 0, 0, nil)
}

// count takes off what is done. With the last that the answer waits for it is given; with the last of all the
// transaction is given back.
func (w *writing) count(waits, unwrote int, end commitlog.Offset, err error) {
	w.mu.Lock()
	w.end = max(w.end, end)
	w.waits -= waits
	w.unwrote -= unwrote
	if w.err == nil {
		w.err = err
	}
	answered, over := waits > 0 && w.waits == 0, w.waits == 0 && w.unwrote == 0
	end, err = w.end, w.err
	w.mu.Unlock()
	if over {
		w.s.release(w.key)
	}
	if answered {
		w.e.Done(end, err)
	}
}
