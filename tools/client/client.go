package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// ErrClosed is what a call on a closed client gives.
var ErrClosed = errors.New("client is closed")

// Client is one client process as servers see it (MQClientInstance): one client
// id, one connection per address, shared by its producers and consumers.
type Client struct {
	config Config
	conns  connections
	routes routes
	ids    uniqueIDs

	mu        sync.Mutex // guards what follows; never held across I/O
	producers map[string]bool
	consumers map[string]*PushConsumer
	// transactions are the producers to ask about half messages, by group.
	transactions map[string]*TransactionProducer

	ctx     context.Context // ends with Close
	cancel  context.CancelCauseFunc
	running sync.WaitGroup
}

// Open makes a client. It dials nothing until it is used.
func Open(config Config) (*Client, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Client{config: config, producers: map[string]bool{}, consumers: map[string]*PushConsumer{}, transactions: map[string]*TransactionProducer{}}
	c.conns.dial, c.conns.handle = config.Dial, c.asked
	c.ids.prepare()
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.running.Go(c.keepRoutes)
	c.running.Go(c.keepBeating)
	return c, nil
}

// ID is the client id.
func (c *Client) ID() string { return c.config.ClientID }

// UniqueID is an id as messages get them.
func (c *Client) UniqueID() string { return string(c.ids.append(nil)) }

// Close takes the client out of its groups and ends its connections. Consumers
// must have been closed before.
func (c *Client) Close() {
	c.cancel(ErrClosed)
	c.running.Wait()
	bounded, cancel := context.WithTimeout(context.Background(), millis(c.config.RequestMillis))
	defer cancel()
	c.mu.Lock()
	groups := c.producers
	c.producers = nil
	c.mu.Unlock()
	for group := range groups {
		c.unregister(bounded, protocol.UnregisterClientRequest{ClientID: c.config.ClientID, ProducerGroup: group})
	}
	c.conns.close(bounded)
}

// Invoke sends r to addr and waits for its answer until ctx ends or, where ctx
// has no deadline, for Config.RequestMillis. Any code is an answer.
func (c *Client) Invoke(ctx context.Context, addr string, r *remoting.Request) (*remoting.Command, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, millis(c.config.RequestMillis))
		defer cancel()
	}
	link, err := c.conns.get(ctx, addr)
	if err != nil {
		return nil, err
	}
	return link.Invoke(ctx, c.outgoing(r))
}

// Call is Invoke for requests that succeed or fail: any code but SUCCESS is a
// *protocol.Error. It waits for Config.RequestMillis at most, whatever ctx allows.
func (c *Client) Call(ctx context.Context, addr string, r *remoting.Request) (*remoting.Command, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, millis(c.config.RequestMillis), fmt.Errorf("nothing came for %v", millis(c.config.RequestMillis)))
	defer cancel()
	answer, err := c.Invoke(ctx, addr, r)
	if err == nil && answer.Code != protocol.Success {
		return nil, errorOf(answer)
	}
	return answer, err
}

// Oneway sends r to addr and waits for nothing.
func (c *Client) Oneway(ctx context.Context, addr string, r *remoting.Request) error {
	link, err := c.conns.get(ctx, addr)
	if err != nil {
		return err
	}
	return link.Oneway(c.outgoing(r))
}

// outgoing is r as this client sends requests.
func (c *Client) outgoing(r *remoting.Request) *remoting.Request {
	sent := *r
	sent.Kind = c.config.Kind
	if c.config.Sign != nil {
		c.config.Sign(&sent)
	}
	return &sent
}

func errorOf(answer *remoting.Command) *protocol.Error {
	return &protocol.Error{Code: answer.Code, Remark: answer.Remark}
}

// asked handles what servers ask: changes of groups, and what became of transactions.
func (c *Client) asked(cmd *remoting.Command, to remoting.Responder) {
	switch cmd.Code {
	case protocol.NotifyConsumerIdsChanged:
		to.Drop()
		c.groupChanged(cmd)
	case protocol.CheckTransactionState:
		to.Drop()
		c.transactionAsked(cmd, to.Channel)
	default:
		to.Reply(&remoting.Response{Code: protocol.RequestCodeNotSupported, Remark: " request type not supported by this client"})
	}
}

func (c *Client) groupChanged(cmd *remoting.Command) {
	var h protocol.NotifyConsumerIDsChangedRequest
	if h.Decode(cmd.Ext) != nil {
		return
	}
	c.mu.Lock()
	consumer := c.consumers[h.ConsumerGroup]
	c.mu.Unlock()
	if consumer != nil {
		consumer.poke()
	}
}

// every calls f in each period until the client or ctx ends.
func every(ctx context.Context, periodMillis int, f func()) {
	ticker := time.NewTicker(millis(periodMillis))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			f()
		}
	}
}
