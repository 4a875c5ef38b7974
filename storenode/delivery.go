package storenode

import (
	"errors"
	"fmt"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
	"gantry/storenode/delay"
	"gantry/storenode/store"
	"gantry/storenode/topic"
)

// schedule is the store's schedule topic as the delay service reads it.
type schedule struct{ store *store.Store }

// Bounds implements delay.Schedule.
func (s schedule) Bounds(queueID int32) (low, high int64) {
	return s.store.Bounds(topic.ScheduleTopic, queueID)
}

// Entries implements delay.Schedule.
func (s schedule) Entries(queueID int32, offset int64, dst []delay.Entry) (int, error) {
	units := make([]consumequeue.Unit, len(dst))
	n, err := s.store.Units(topic.ScheduleTopic, queueID, offset, units)
	for i, u := range units[:n] {
		dst[i] = delay.Entry{PhysicalOffset: int64(u.Physical), Bytes: u.Size, DueMillis: u.TagsCode}
	}
	return n, err
}

// Record implements delay.Schedule.
func (s schedule) Record(e delay.Entry) ([]byte, error) {
	if (consumequeue.Unit{Physical: commitlog.Offset(e.PhysicalOffset), Size: e.Bytes}).Blank() {
		return nil, fmt.Errorf("%w: the commit log has lost it", delay.ErrGone)
	}
	record, err := s.store.RecordAt(commitlog.Offset(e.PhysicalOffset))
	if errors.Is(err, store.ErrNotFound) && (commitlog.Offset(e.PhysicalOffset) < s.store.Min() || store.IsDamage(err)) {
		return nil, fmt.Errorf("%w: %w", delay.ErrGone, err)
	}
	return record, err
}

// deliveries appends what the delay service delivers.
type deliveries struct{ store *store.Store }

// Append implements delay.Log. All messages are given to the log before the
// first is waited for, so that they join one group. They wait for the disk as
// their senders did: the progress behind them is saved, and nothing else of it.
func (d deliveries) Append(messages []*message.Message) (appended int, err error) {
	requests := make([]*commitlog.Request, 0, len(messages))
	done := make(chan struct{}, len(messages))
	for _, m := range messages {
		r := &commitlog.Request{Topic: m.Topic, QueueID: m.QueueID, Wait: true, Done: func(*commitlog.Request) { done <- struct{}{} }}
		if r.Records, err = message.AppendRecord(nil, m); err == nil {
			err = d.append(r)
		}
		if err != nil {
			break
		}
		requests = append(requests, r)
	}
	for range requests {
		<-done
	}
	for i, r := range requests {
		if r.Err != nil {
			return i, r.Err
		}
	}
	return len(requests), err
}

// append takes the room that sends must leave for what is put into the schedule
// topic: it is there already, in a file that goes.
func (d deliveries) append(r *commitlog.Request) error {
	if r.Topic == topic.ScheduleTopic {
		return d.store.AppendReserved(r)
	}
	return d.store.Append(r)
}

var errDelaysClosed = errors.New("delayed and half messages are not read yet")

// beforeExpire puts delayed and half messages again whose records lie before end,
// and waits for the disk: their file goes. A slave's master does.
func (n *Node) beforeExpire(end commitlog.Offset) error {
	if n.config.Role() == Slave {
		return nil
	}
	delays, transactions := n.delays.Load(), n.transactions.Load()
	if delays == nil || transactions == nil {
		return errDelaysClosed
	}
	if err := errors.Join(delays.PutAgain(int64(end)), transactions.PutAgain(int64(end))); err != nil {
		return err
	}
	return n.store.Log().Sync()
}
