package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// ProducerConfig says how a producer sends. Zero values mean the defaults named,
// which are those of the Java client.
type ProducerConfig struct {
	Group                 string
	SendMillis            int // for one send with its retries, 3,000
	RetryTimes            int // further tries of a synchronous send, 2; negative: none
	DefaultTopicQueueNums int // queues of a topic that a send creates, 4
	CompressOverBytes     int // bodies from here on are compressed, 4,096; negative: none
	AsyncInFlight         int // sends under way above which SendAsync waits, 10,000

	Sent func(Sent) // hears of each attempt that a broker answered with a place, before its caller; must not block; nil: nobody
}

// Producer sends messages. Its methods may be called from any goroutine.
type Producer struct {
	client     *Client
	config     ProducerConfig
	group      []byte
	turn       atomic.Uint32
	compressor compressor
	async      chan struct{} // holds one for each SendAsync under way
	sending    sync.WaitGroup
}

// Producer makes a producer of a group; brokers learn of the group by the next
// heartbeat.
func (c *Client) Producer(config ProducerConfig) *Producer {
	setDefault(&config.SendMillis, 3000)
	setDefault(&config.RetryTimes, 2)
	setDefault(&config.DefaultTopicQueueNums, 4)
	setDefault(&config.CompressOverBytes, 4096)
	setDefault(&config.AsyncInFlight, 10_000)
	c.mu.Lock()
	c.producers[config.Group] = true
	c.mu.Unlock()
	return &Producer{client: c, config: config, group: []byte(config.Group),
		compressor: compressor{overBytes: config.CompressOverBytes}, async: make(chan struct{}, config.AsyncInFlight)}
}

// Send sends m and waits until it is stored; it tries other shards where one
// gives no answer or cannot store. What a broker refuses is a *protocol.Error.
func (p *Producer) Send(ctx context.Context, m *Message) (SendResult, error) {
	f, err := p.prepare(m)
	if err != nil {
		return SendResult{}, err
	}
	return p.sendRetrying(ctx, f)
}

// SendBatch sends messages of one topic as one; they land in one queue.
func (p *Producer) SendBatch(ctx context.Context, ms []*Message) (SendResult, error) {
	f, err := p.prepareBatch(ms)
	if err != nil {
		return SendResult{}, err
	}
	return p.sendRetrying(ctx, f)
}

// SendAsync sends m without waiting and tells done what became of it, from the
// goroutine that reads answers: done must not block. It waits while
// AsyncInFlight sends are under way. After an error of SendAsync itself done is
// not called.
func (p *Producer) SendAsync(ctx context.Context, m *Message, done func(SendResult, error)) error {
	f, err := p.prepare(m)
	if err != nil {
		return err
	}
	select {
	case p.async <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	p.sending.Add(1)
	told := func(r SendResult, err error) {
		<-p.async
		done(r, err)
		p.sending.Done()
	}
	if err := p.startSend(ctx, f, told); err != nil {
		<-p.async
		p.sending.Done()
		return err
	}
	return nil
}

func (p *Producer) startSend(ctx context.Context, f *forward, told func(SendResult, error)) error {
	target, err := p.choose(ctx, f, "")
	if err != nil {
		return err
	}
	link, err := p.client.conns.get(ctx, target.Addr(0))
	if err != nil {
		return fmt.Errorf("send to %s: %w", target.MessageQueue, err)
	}
	r, begun := p.client.outgoing(f.request(p, target)), time.Now()
	return link.InvokeAsync(r, millis(p.config.SendMillis), func(answer *remoting.Command, err error) {
		result, err := f.result(target, answer, err)
		p.tell(f, target, begun, result, err)
		told(result, err)
	})
}

// Wait returns when every SendAsync has told what became of it.
func (p *Producer) Wait() { p.sending.Wait() }

// SendOneway sends m and learns nothing of it.
func (p *Producer) SendOneway(ctx context.Context, m *Message) error {
	f, err := p.prepare(m)
	if err != nil {
		return err
	}
	target, err := p.choose(ctx, f, "")
	if err != nil {
		return err
	}
	return p.client.Oneway(ctx, target.Addr(0), f.request(p, target))
}

// retryable are the answers after which Java tries another broker.
var retryable = map[int32]bool{
	protocol.TopicNotExist: true, protocol.ServiceNotAvailable: true, protocol.SystemError: true,
	protocol.NoPermission: true, protocol.NoBuyerID: true, protocol.NotInCurrentUnit: true,
}

func (p *Producer) sendRetrying(ctx context.Context, f *forward) (result SendResult, err error) {
	ctx, cancel := context.WithTimeout(ctx, millis(p.config.SendMillis))
	defer cancel()
	avoided := ""
	for range max(p.config.RetryTimes, 0) + 1 {
		result, err = p.sendOnce(ctx, f, avoided)
		var refused *protocol.Error
		if err == nil || ctx.Err() != nil || (errors.As(err, &refused) && !retryable[refused.Code]) {
			return result, err
		}
		avoided = result.Queue.BrokerName
	}
	return result, err
}

// sendOnce sends to one queue, where there are others not of the avoided shard.
func (p *Producer) sendOnce(ctx context.Context, f *forward, avoided string) (SendResult, error) {
	target, err := p.choose(ctx, f, avoided)
	if err != nil {
		return SendResult{}, err
	}
	begun := time.Now()
	answer, err := p.client.Invoke(ctx, target.Addr(0), f.request(p, target))
	result, err := f.result(target, answer, err)
	p.tell(f, target, begun, result, err)
	return result, err
}

// choose takes the queues in turn.
func (p *Producer) choose(ctx context.Context, f *forward, avoided string) (*Target, error) {
	route, err := p.client.routeToSend(ctx, f.topic, int32(p.config.DefaultTopicQueueNums))
	if err != nil {
		return nil, err
	}
	queues := route.Publish
	turn := int(p.turn.Add(1))
	for i := range queues {
		t := &queues[(turn+i)%len(queues)]
		if f.queue != nil {
			t = &queues[i]
		}
		if f.queue == nil && t.BrokerName != avoided || f.queue != nil && t.MessageQueue == *f.queue {
			return t, nil
		}
	}
	if f.queue != nil {
		return nil, fmt.Errorf("send to %s: %w", f.queue, ErrNoQueues)
	}
	return &queues[turn%len(queues)], nil
}
