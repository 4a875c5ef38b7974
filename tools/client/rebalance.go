package client

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

func (p *PushConsumer) keepBalanced() {
	ticker := time.NewTicker(millis(p.config.RebalanceMillis))
	defer ticker.Stop()
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-ticker.C:
		case <-p.wake:
		}
		p.rebalance(p.ctx)
	}
}

// rebalance takes the consumer's share of each topic and lets go of the rest.
func (p *PushConsumer) rebalance(ctx context.Context) {
	topics := []string{p.config.Topic}
	if !p.config.Broadcasting {
		topics = append(topics, RetryPrefix+p.config.Group)
	}
	for _, topic := range topics {
		share, err := p.share(ctx, topic)
		if err != nil { // the queues stay whose they were
			p.client.config.Log.Warn("not rebalanced", "topic", topic, "group", p.config.Group, "err", err)
			continue
		}
		p.own(ctx, topic, share)
	}
}

func (p *PushConsumer) share(ctx context.Context, topic string) ([]*Target, error) {
	route, err := p.client.Route(ctx, topic)
	if err != nil {
		return nil, err
	}
	all := make([]*Target, len(route.Subscribe))
	for i := range route.Subscribe {
		all[i] = &route.Subscribe[i]
	}
	slices.SortFunc(all, func(a, b *Target) int { return compareQueues(a.MessageQueue, b.MessageQueue) })
	if p.config.Broadcasting || len(all) == 0 {
		return all, nil
	}
	members, err := p.members(ctx, all[rand.IntN(len(all))])
	if err != nil {
		return nil, err
	}
	from, to, err := Allocate(len(all), members, p.client.config.ClientID)
	if err != nil {
		return nil, err
	}
	return all[from:to], nil
}

func compareQueues(a, b protocol.MessageQueue) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.BrokerName, b.BrokerName), cmp.Compare(a.QueueID, b.QueueID))
}

func (p *PushConsumer) members(ctx context.Context, at *Target) ([]string, error) {
	answer, err := p.client.Call(ctx, at.Addr(0), &remoting.Request{Code: protocol.GetConsumerListByGroup,
		Header: protocol.GetConsumerListByGroupRequest{ConsumerGroup: p.config.Group}})
	if err != nil {
		return nil, err
	}
	var list protocol.GetConsumerListByGroupResponseBody
	if err := list.Decode(answer.Body); err != nil {
		return nil, err
	}
	return list.ConsumerIDList, nil
}

// Allocate divides queues evenly among members, in the order of their ids, the
// first ones getting one more (AllocateMessageQueueAveragely). It returns which
// part is self's.
func Allocate(queues int, members []string, self string) (from, to int, err error) {
	sorted := slices.Sorted(slices.Values(members))
	at, found := slices.BinarySearch(sorted, self)
	if !found {
		return 0, 0, fmt.Errorf("client %s is not among the group's %d members", self, len(members))
	}
	size, more := queues/len(sorted), queues%len(sorted)
	from = at*size + min(at, more)
	to = from + size
	if at < more {
		to++
	}
	return from, to, nil
}

// own makes share the queues of topic that the consumer has.
func (p *PushConsumer) own(ctx context.Context, topic string, share []*Target) {
	wanted := map[protocol.MessageQueue]*Target{}
	for _, t := range share {
		wanted[t.MessageQueue] = t
	}
	for _, q := range p.let(topic, wanted) {
		q.stop(ctx)
	}
	var missing []*Target
	p.mu.Lock()
	for _, t := range share {
		if p.owned[t.MessageQueue] == nil {
			missing = append(missing, t)
		}
	}
	p.mu.Unlock()
	p.begin(missing, p.firstOffsets(ctx, missing))
}

// begin starts pulling; a queue whose offset is not known is tried again with
// the next rebalance.
func (p *PushConsumer) begin(targets []*Target, offsets []int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, t := range targets {
		if offsets[i] == unknownOffset {
			continue
		}
		q := p.newQueue(t, offsets[i])
		p.owned[t.MessageQueue] = q
		q.running.Go(q.pull)
	}
}

const (
	unknownOffset = -2
	offsetsAtOnce = 16 // questions for offsets under way
)

// firstOffsets asks for all before any is pulled: pulls of a long backlog would
// slow the questions down.
func (p *PushConsumer) firstOffsets(ctx context.Context, targets []*Target) []int64 {
	offsets := make([]int64, len(targets))
	turn := make(chan struct{}, offsetsAtOnce)
	var asking sync.WaitGroup
	for i, t := range targets {
		turn <- struct{}{}
		asking.Go(func() {
			defer func() { <-turn }()
			var err error
			if offsets[i], err = p.firstOffset(ctx, t); err != nil {
				p.client.config.Log.Warn("queue not taken", "queue", t.MessageQueue, "group", p.config.Group, "err", err)
				offsets[i] = unknownOffset
			}
		})
	}
	asking.Wait()
	return offsets
}

// let takes the queues of topic that are not wanted out of owned.
func (p *PushConsumer) let(topic string, wanted map[protocol.MessageQueue]*Target) (gone []*ownedQueue) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for mq, q := range p.owned {
		if mq.Topic == topic && wanted[mq] == nil {
			gone = append(gone, q)
			delete(p.owned, mq)
		}
	}
	return gone
}

func (p *PushConsumer) firstOffset(ctx context.Context, t *Target) (int64, error) {
	if p.config.Broadcasting {
		return p.beginning(ctx, t)
	}
	offset, err := p.client.ConsumerOffset(ctx, p.config.Group, t)
	if err != nil || offset != NoOffset {
		return offset, err
	}
	if t.Topic != p.config.Topic { // retries are never skipped
		return 0, nil
	}
	return p.beginning(ctx, t)
}

func (p *PushConsumer) beginning(ctx context.Context, t *Target) (int64, error) {
	if p.config.FromWhere == FromFirstOffset {
		return 0, nil
	}
	return p.client.MaxOffset(ctx, t)
}

// commit stores the offsets that have moved.
func (p *PushConsumer) commit(ctx context.Context) {
	p.mu.Lock()
	all := make([]*ownedQueue, 0, len(p.owned))
	for _, q := range p.owned {
		all = append(all, q)
	}
	p.mu.Unlock()
	for _, q := range all {
		q.commit(ctx)
	}
}
