package storenode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/commitlog"
	"gantry/storenode/replica"
	"gantry/storenode/resync"
)

// What an operator asks a slave whose log is not its master's, a code of our own
// (resync.Code): to find where they part, and to cut off what is its own.

// resyncs is a slave's part in it.
type resyncs struct {
	log    *slog.Logger
	slave  *replica.Slave
	store  *commitlog.Log
	save   func(cutOrder) error
	folder string        // of the node's own files
	answer resync.Answer // what names the copy

	ctx       context.Context // of searches
	stop      context.CancelFunc
	searching sync.WaitGroup
	again     chan struct{} // closed: the node is to be started again

	mu    sync.Mutex // guards the rest
	state resync.Answer
	ended bool // copying, for an order's sake: the node must be opened again
}

func (n *Node) startResyncs() error {
	if n.config.Role() != Slave {
		return nil
	}
	named := resync.Answer{BrokerName: n.config.BrokerName, BrokerID: n.config.BrokerID, State: resync.Idle}
	r := &resyncs{log: n.log, slave: n.replicas.slave, store: n.store.Log(), save: n.saveOrder, folder: filepath.Dir(n.orderPath()), answer: named, state: named, again: n.again}
	r.ctx, r.stop = context.WithCancel(context.Background())
	n.resyncs = r
	n.opened = append(n.opened, func() error { r.stop(); r.searching.Wait(); return nil })
	return nil
}

// Again is closed when the node is to be closed and opened once more: an
// operator has ordered what can only be done while the store is closed.
func (n *Node) Again() <-chan struct{} { return n.again }

var errMasterResync = errors.New("this is a master: it is the slave's log that is cut, ask the slave")

// resync is a remoting.Handler. The answer comes before the node ends.
func (n *Node) resync(c *remoting.Command, to remoting.Responder) {
	var q resync.Question
	err := q.Decode(c.Body)
	if err == nil && n.resyncs == nil {
		err = errMasterResync
	}
	var a resync.Answer
	if err == nil {
		a, err = n.resyncs.do(q)
	}
	if err != nil {
		to.Reply(&remoting.Response{Code: protocol.SystemError, Remark: err.Error()})
	} else {
		to.Reply(&remoting.Response{Body: a.Encode()})
	}
	if n.resyncs != nil {
		n.resyncs.restart()
	}
}

func (r *resyncs) do(q resync.Question) (resync.Answer, error) {
	switch q.Do {
	case resync.Find:
		return r.find(), nil
	case resync.Tell:
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.state, nil
	case resync.Cut:
		return r.order(q)
	}
	return resync.Answer{}, fmt.Errorf("%q is none of %s, %s and %s", q.Do, resync.Find, resync.Tell, resync.Cut)
}

// find begins to search, where that is not under way or over.
func (r *resyncs) find() resync.Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state.State != resync.Comparing && r.state.State != resync.Ordered {
		r.state = r.answer
		r.state.State = resync.Comparing
		r.searching.Go(r.search)
	}
	return r.state
}

func (r *resyncs) search() {
	found := r.answer
	fork, err := r.slave.FindFork(r.ctx)
	if err == nil {
		found.Begin, found.At, found.End = int64(r.store.Min()), int64(fork.At), int64(fork.End)
		found.MasterBegin, found.MasterEnd = int64(fork.Master.Min), int64(fork.Master.Max)
		err = r.count(&found)
	}
	found.State, found.Confirm = resync.Found, fmt.Sprintf("%s/%d:%d-%d", found.BrokerName, found.BrokerID, found.At, found.End)
	if err != nil {
		found = r.answer
		found.State, found.Error = resync.Failed, err.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = found
}

// count looks at what would be cut off. What cannot be read is not counted.
func (r *resyncs) count(a *resync.Answer) error {
	scanner := r.store.Scan(commitlog.Offset(a.At))
	for scanner.Offset() < commitlog.Offset(a.End) && r.ctx.Err() == nil {
		record, err := scanner.Next()
		if err != nil {
			var corrupt *commitlog.CorruptError
			if errors.Is(err, io.EOF) || errors.As(err, &corrupt) {
				return nil
			}
			return err
		}
		a.Messages++
		if a.Last = time.UnixMilli(record.StoreTimestamp()); a.First.IsZero() {
			a.First = a.Last
		}
	}
	return r.ctx.Err()
}

// order has the next start cut the log, if it still is what was found and what was
// typed. From here on nothing is copied.
func (r *resyncs) order(q resync.Question) (resync.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.state.State != resync.Found:
		return resync.Answer{}, fmt.Errorf("nothing has been found that could be cut off (%s): ask what there is first", r.state.State)
	case q.Confirm != r.state.Confirm:
		return resync.Answer{}, fmt.Errorf("confirmed is %q, and what would be cut off is %q: nothing is", q.Confirm, r.state.Confirm)
	}
	if s := r.slave.Status(); s.State != replica.SlaveStopped || int64(s.End) != r.state.End {
		return resync.Answer{}, fmt.Errorf("the slave is %s now and its log ends at %d: ask once more what there is", s.State, s.End)
	}
	r.ended = true
	if err := r.slave.Close(); err != nil {
		return resync.Answer{}, err
	}
	o := cutOrder{From: r.state.At, To: r.state.End}
	if !q.Discard {
		o.KeepIn = filepath.Join(r.folder, fmt.Sprintf("cut-%d-%d", o.From, o.To))
	}
	if end := int64(r.store.End()); end != o.To {
		return resync.Answer{}, fmt.Errorf("the slave's log has grown to %d meanwhile: ask once more what there is", end)
	}
	if err := r.save(o); err != nil {
		return resync.Answer{}, err
	}
	r.state.State, r.state.KeptIn = resync.Ordered, o.KeepIn
	r.log.Warn("an operator has ordered that the end of the log, which is not the master's, be cut off; the node starts again", "from", o.From, "to", o.To, "kept_in", o.KeepIn)
	return r.state, nil
}

// restart has the node opened again, where it has to be.
func (r *resyncs) restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended {
		return
	}
	select {
	case <-r.again:
	default:
		close(r.again)
	}
}
