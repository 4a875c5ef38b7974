package client

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

// Where a group begins in a queue that it has no offset in.
const (
	FromLastOffset  = "CONSUME_FROM_LAST_OFFSET"
	FromFirstOffset = "CONSUME_FROM_FIRST_OFFSET"
)

// RetryPrefix begins the topic of a group's retries.
const RetryPrefix = "%RETRY%"

// PushConfig says what a push consumer consumes and how. Zero values mean the
// defaults named, which are those of the Java client.
type PushConfig struct {
	Group          string
	Topic          string
	ExpressionType string // default TAG
	Expression     string // default "*"
	FromWhere      string // default FromLastOffset
	Broadcasting   bool   // every member gets every queue, from its end, and commits nothing

	Threads         int // handlers at once, 20
	PullBatch       int // messages of one pull, 32
	HoldMillis      int // how long a broker may hold a pull, 15,000
	QueueMessages   int // unconsumed messages of one queue above which it is not pulled, 1,000
	RebalanceMillis int // 20,000
	CommitMillis    int // 5,000
	ErrorMillis     int // pause after a failed pull, 3,000
}

func (c PushConfig) withDefaults() PushConfig {
	for _, f := range []struct {
		field    *string
		standard string
	}{{&c.ExpressionType, protocol.ExpressionTag}, {&c.Expression, "*"}, {&c.FromWhere, FromLastOffset}} {
		if *f.field == "" {
			*f.field = f.standard
		}
	}
	setDefault(&c.Threads, 20)
	setDefault(&c.PullBatch, 32)
	setDefault(&c.HoldMillis, 15_000)
	setDefault(&c.QueueMessages, 1000)
	setDefault(&c.RebalanceMillis, 20_000)
	setDefault(&c.CommitMillis, 5000)
	setDefault(&c.ErrorMillis, 3000)
	return c
}

// Handler consumes one message; after an error it comes again later.
type Handler func(ctx context.Context, m *Received) error

// PushConsumer is a member of a group: it owns its share of the topic's queues,
// pulls them and calls its handler from several goroutines.
type PushConsumer struct {
	client     *Client
	config     PushConfig
	handle     Handler
	subVersion int64 // ms
	tags       []string

	work chan *Received
	wake chan struct{} // the group may have changed

	mu    sync.Mutex // guards owned
	owned map[protocol.MessageQueue]*ownedQueue

	ctx     context.Context // of queues and rebalance
	cancel  context.CancelFunc
	running sync.WaitGroup
	workers sync.WaitGroup
}

// Consume joins a group: brokers know of it, and its first share of the queues
// is being pulled, when Consume returns.
func (c *Client) Consume(ctx context.Context, config PushConfig, handle Handler) (*PushConsumer, error) {
	p := &PushConsumer{client: c, config: config.withDefaults(), handle: handle, subVersion: time.Now().UnixMilli(),
		work: make(chan *Received), wake: make(chan struct{}, 1), owned: map[protocol.MessageQueue]*ownedQueue{}}
	p.tags = parseTags(p.config)
	p.ctx, p.cancel = context.WithCancel(c.ctx)
	if err := p.join(ctx); err != nil {
		p.cancel()
		return nil, fmt.Errorf("consume %s as %s: %w", config.Topic, config.Group, err)
	}
	for range p.config.Threads {
		p.workers.Go(p.consume)
	}
	p.rebalance(ctx)
	p.running.Go(p.keepBalanced)
	if !p.config.Broadcasting {
		p.running.Go(func() { every(p.ctx, p.config.CommitMillis, func() { p.commit(p.ctx) }) })
	}
	return p, nil
}

func (p *PushConsumer) join(ctx context.Context) error {
	if _, err := p.client.Route(ctx, p.config.Topic); err != nil {
		return err
	}
	c := p.client
	c.mu.Lock()
	if c.consumers[p.config.Group] != nil {
		c.mu.Unlock()
		return fmt.Errorf("this client is in the group already")
	}
	c.consumers[p.config.Group] = p
	c.mu.Unlock()
	if err := c.beat(ctx); err != nil {
		p.leaveClient()
		return err
	}
	return nil
}

func (p *PushConsumer) leaveClient() {
	p.client.mu.Lock()
	defer p.client.mu.Unlock()
	delete(p.client.consumers, p.config.Group)
}

// Close lets handlers finish, commits, leaves the group and returns when all
// goroutines have.
func (p *PushConsumer) Close() {
	p.leaveClient()
	p.cancel()
	p.running.Wait()
	p.mu.Lock()
	for _, q := range p.owned {
		q.running.Wait()
	}
	p.mu.Unlock()
	close(p.work)
	p.workers.Wait()
	bounded, cancel := context.WithTimeout(context.Background(), millis(p.client.config.RequestMillis))
	defer cancel()
	if !p.config.Broadcasting {
		p.commit(bounded)
	}
	p.client.unregister(bounded, protocol.UnregisterClientRequest{ClientID: p.client.config.ClientID, ConsumerGroup: p.config.Group})
}

// Queues are those the consumer owns now, in order.
func (p *PushConsumer) Queues() []protocol.MessageQueue {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []protocol.MessageQueue
	for q := range p.owned {
		all = append(all, q)
	}
	slices.SortFunc(all, compareQueues)
	return all
}

func (p *PushConsumer) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// data is the consumer's part of a heartbeat.
func (p *PushConsumer) data() protocol.ConsumerData {
	d := protocol.ConsumerData{
		GroupName: p.config.Group, ConsumeType: protocol.ConsumePassively, MessageModel: protocol.Clustering,
		ConsumeFromWhere: p.config.FromWhere,
		SubscriptionDataSet: protocol.Set[protocol.SubscriptionData]{{
			Topic: p.config.Topic, SubString: p.config.Expression, ExpressionType: p.config.ExpressionType,
			TagsSet: p.tags, CodeSet: tagCodes(p.tags), SubVersion: p.subVersion,
		}},
	}
	if p.config.Broadcasting {
		d.MessageModel = protocol.Broadcasting
		return d
	}
	d.SubscriptionDataSet = append(d.SubscriptionDataSet, protocol.SubscriptionData{
		Topic: RetryPrefix + p.config.Group, SubString: "*", ExpressionType: protocol.ExpressionTag, SubVersion: p.subVersion,
	})
	return d
}

// parseTags are the tags of an expression "a || b"; none means all.
func parseTags(c PushConfig) []string {
	if c.ExpressionType != protocol.ExpressionTag || c.Expression == "*" {
		return nil
	}
	var tags []string
	for _, t := range strings.Split(c.Expression, "||") {
		if t = strings.TrimSpace(t); t != "" {
			tags = append(tags, t)
		}
	}
	return tags
}

func tagCodes(tags []string) (codes protocol.CodeSet) {
	for _, t := range tags {
		codes = append(codes, int32(message.JavaHash(t)))
	}
	return codes
}

// consume is one handler's loop.
func (p *PushConsumer) consume() {
	for m := range p.work {
		if err := p.handle(p.ctx, m); err != nil && !p.config.Broadcasting {
			p.giveBack(m)
		}
		m.consumed.done()
	}
}

// giveBack has the broker bring m again, later each time; what cannot be given
// back stays unconsumed and comes again after the next start.
func (p *PushConsumer) giveBack(m *Received) {
	h := protocol.ConsumerSendMsgBackRequest{
		Offset: m.PhysicalOffset, Group: p.config.Group, OriginMsgID: m.MsgID(), OriginTopic: m.Topic,
		MaxReconsumeTimes: 16, HasMaxReconsumeTimes: true, BrokerName: m.Queue.BrokerName,
	}
	for p.ctx.Err() == nil {
		_, err := p.client.Call(p.ctx, m.consumed.queue.target.Addr(0), &remoting.Request{Code: protocol.ConsumerSendMsgBack, Header: h})
		if err == nil {
			return
		}
		p.client.config.Log.Warn("message not given back", "msg_id", m.MsgID(), "err", err)
		pause(p.ctx, p.config.ErrorMillis)
	}
	m.consumed.keep()
}

func pause(ctx context.Context, forMillis int) {
	select {
	case <-ctx.Done():
	case <-time.After(millis(forMillis)):
	}
}
