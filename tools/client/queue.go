package client

import (
	"context"
	"slices"
	"sync"

	"gantry/remoting/message"
)

// ownedQueue is one queue of a consumer's share: it is pulled, and what was
// pulled is tracked until it is consumed (ProcessQueue).
type ownedQueue struct {
	consumer *PushConsumer
	target   *Target
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup
	room     chan struct{} // holds one for each unconsumed message

	mu        sync.Mutex // guards what follows
	next      int64      // what is pulled next
	pending   []*tracked // in the order of their offsets; the first is not consumed
	committed int64
}

// tracked is one message on its way to being consumed.
type tracked struct {
	queue    *ownedQueue
	offset   int64
	consumed bool
	kept     bool // to come again: nothing from here on is committed
}

func (p *PushConsumer) newQueue(t *Target, offset int64) *ownedQueue {
	q := &ownedQueue{consumer: p, target: t, next: offset, committed: offset, room: make(chan struct{}, p.config.QueueMessages)}
	q.ctx, q.cancel = context.WithCancel(p.ctx)
	return q
}

// stop ends pulling, and commits what was consumed: somebody else goes on there.
func (q *ownedQueue) stop(ctx context.Context) {
	q.cancel()
	q.running.Wait()
	if !q.consumer.config.Broadcasting {
		q.commit(ctx)
	}
}

func (q *ownedQueue) pull() {
	var brokerID int64
	for q.ctx.Err() == nil {
		r, err := q.consumer.client.Pull(q.ctx, q.target, q.request(brokerID))
		if err != nil {
			if q.ctx.Err() == nil {
				q.consumer.client.config.Log.Warn("pull failed", "group", q.consumer.config.Group, "err", err)
			}
			brokerID = 0
			pause(q.ctx, q.consumer.config.ErrorMillis)
			continue
		}
		brokerID = r.SuggestID
		q.take(r)
	}
}

func (q *ownedQueue) request(brokerID int64) PullRequest {
	p := q.consumer
	r := PullRequest{Group: p.config.Group, MaxNums: p.config.PullBatch, InHeartbeat: true, SubVersion: p.subVersion,
		HoldMillis: p.config.HoldMillis, BrokerID: brokerID}
	q.mu.Lock()
	defer q.mu.Unlock()
	r.Offset = q.next
	if !p.config.Broadcasting {
		r.CommitOffset = q.position()
	}
	return r
}

// take hands pulled messages to the handlers and goes on behind them.
func (q *ownedQueue) take(r PullResult) {
	for i := range r.Messages {
		if m := &r.Messages[i]; q.wants(m) && !q.hand(m) {
			return
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next = r.Next
}

// wants checks the tag itself: the broker compares hashes only.
func (q *ownedQueue) wants(m *Received) bool {
	tags := q.consumer.tags
	return len(tags) == 0 || q.target.Topic != q.consumer.config.Topic || slices.Contains(tags, string(m.Properties.Get(message.PropertyTags)))
}

// hand waits for room and for a handler; it reports false where the queue ends.
func (q *ownedQueue) hand(m *Received) bool {
	select {
	case q.room <- struct{}{}:
	case <-q.ctx.Done():
		return false
	}
	m.consumed = q.track(m.QueueOffset)
	if topic := m.Properties.Get(message.PropertyRetryTopic); len(topic) > 0 {
		m.Topic = string(topic)
	}
	select {
	case q.consumer.work <- m:
		return true
	case <-q.ctx.Done():
		return false
	}
}

func (q *ownedQueue) track(offset int64) *tracked {
	t := &tracked{queue: q, offset: offset}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending = append(q.pending, t)
	q.next = offset + 1
	return t
}

// keep lets the message count as not consumed for good.
func (t *tracked) keep() {
	t.queue.mu.Lock()
	defer t.queue.mu.Unlock()
	t.kept = true
}

func (t *tracked) done() {
	q := t.queue
	q.mu.Lock()
	t.consumed = true
	for len(q.pending) > 0 && q.pending[0].consumed && !q.pending[0].kept {
		q.pending = q.pending[1:]
	}
	q.mu.Unlock()
	<-q.room
}

// position is up to where everything is consumed; mu is held.
func (q *ownedQueue) position() int64 {
	if len(q.pending) > 0 {
		return q.pending[0].offset
	}
	return q.next
}

func (q *ownedQueue) commit(ctx context.Context) {
	q.mu.Lock()
	at := q.position()
	moved := at != q.committed
	q.mu.Unlock()
	if !moved {
		return
	}
	if err := q.consumer.client.CommitOffset(ctx, q.consumer.config.Group, q.target, at); err != nil {
		q.consumer.client.config.Log.Warn("offset not committed", "queue", q.target.MessageQueue, "err", err)
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.committed = at
}
