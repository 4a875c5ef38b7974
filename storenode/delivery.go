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
	record, err := recordOf(s.store, commitlog.Offset(e.PhysicalOffset), e.Bytes)
	if errors.Is(err, errLost) {
		return nil, fmt.Errorf("%w: %w", delay.ErrGone, err)
	}
	return record, err
}

// errLost is what recordOf wraps where the commit log no longer has the record.
var errLost = errors.New("the commit log has lost it")

// recordOf returns the record that a unit leads to.
func recordOf(s *store.Store, at commitlog.Offset, bytes int32) (message.Record, error) {
	if (consumequeue.Unit{Physical: at, Size: bytes}).Blank() {
		return nil, errLost
	}
	record, err := s.RecordAt(at)
	if errors.Is(err, store.ErrNotFound) && (at < s.Min() || store.IsDamage(err)) {
		return nil, fmt.Errorf("%w: %w", errLost, err)
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

// append takes the room that sends must leave for what is put again: it is there
// already, in a file that goes.
func (d deliveries) append(r *commitlog.Request) error {
	if r.Topic == topic.ScheduleTopic || r.Topic == topic.TimerTopic {
		return d.store.AppendReserved(r)
	}
	return d.store.Append(r)
}

var errDelaysClosed = errors.New("delayed, timer and half messages are not read yet")

// beforeExpire puts delayed, timer and half messages again whose records lie before end,
// and waits for the disk: their file goes. A slave's master does.
func (n *Node) beforeExpire(end commitlog.Offset) error {
	if n.config.Role() == Slave {
		return nil
	}
	delays, timers, transactions := n.delays.Load(), n.timers.Load(), n.transactions.Load()
	if delays == nil || timers == nil || transactions == nil {
		return errDelaysClosed
	}
	if err := errors.Join(delays.PutAgain(int64(end)), timers.PutAgain(int64(end)), transactions.PutAgain(int64(end))); err != nil {
		return err
	}
	return n.store.Log().Sync()
}
