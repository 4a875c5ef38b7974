package stage

import (
	"time"

	"gantry/tools/compat/agent"
)

// Producer is a started producer.
type Producer struct {
	client *Client
	member string
}

// patientMillis is the send timeout of a scenario's producer, so that a busy machine fails no send.
const patientMillis = 15_000

// Producer starts a producer of a group of its own; it ends with the test.
func (c *Client) Producer() *Producer {
	c.t.Helper()
	return c.producer(agent.Producer{SendTimeoutMillis: patientMillis})
}

// ProducerOf is Producer in a namespace, told to the trace topic or not.
func (c *Client) ProducerOf(namespace string, trace bool) *Producer {
	c.t.Helper()
	return c.producer(agent.Producer{SendTimeoutMillis: patientMillis, Namespace: namespace, Trace: trace})
}

// VIPProducer is Producer that sends to the port two below the shard's.
func (c *Client) VIPProducer() *Producer {
	c.t.Helper()
	return c.producer(agent.Producer{SendTimeoutMillis: patientMillis, VIP: true})
}

// ProducerAsShipped is Producer with the client's own send timeout of 3 s.
func (c *Client) ProducerAsShipped() *Producer {
	c.t.Helper()
	return c.producer(agent.Producer{})
}

func (c *Client) producer(of agent.Producer) *Producer {
	c.t.Helper()
	p := &Producer{client: c, member: c.Unique("producer")}
	of.Member, of.Namesrv, of.Group, of.Instance = p.member, c.server.Namesrv(), p.member, p.member
	c.call("startProducer", of, nil)
	c.t.Cleanup(func() { _ = c.agent.Call("shutdown", agent.Shutdown{Member: p.member}, nil) })
	return p
}

// Send sends messages where the client likes; every one must be stored.
func (p *Producer) Send(mode agent.Mode, messages ...agent.Message) []agent.SendResult {
	p.client.t.Helper()
	return p.run(agent.Send{Member: p.member, Mode: mode, Messages: messages})
}

// SendTo sends messages to one queue.
func (p *Producer) SendTo(queue agent.Queue, mode agent.Mode, messages ...agent.Message) []agent.SendResult {
	p.client.t.Helper()
	return p.run(agent.Send{Member: p.member, Mode: mode, Queue: &queue, Messages: messages})
}

// SendByKey sends messages to the queue that the client chooses for a key.
func (p *Producer) SendByKey(key string, mode agent.Mode, messages ...agent.Message) []agent.SendResult {
	p.client.t.Helper()
	return p.run(agent.Send{Member: p.member, Mode: mode, ShardingKey: key, Messages: messages})
}

// Try sends one message and returns what the client made of the answer, or its error.
func (p *Producer) Try(message agent.Message) (agent.SendResult, error) {
	return p.TryByKey("", message)
}

// TryByKey is Try to the queue that the client chooses for a key; "" is no key.
func (p *Producer) TryByKey(key string, message agent.Message) (agent.SendResult, error) {
	var results []agent.SendResult
	err := p.client.agent.Call("send", agent.Send{
		Member: p.member, Mode: agent.Sync, ShardingKey: key, Messages: []agent.Message{message},
	}, &results)
	if err != nil {
		return agent.SendResult{}, err
	}
	return results[0], nil
}

func (p *Producer) run(send agent.Send) []agent.SendResult {
	p.client.t.Helper()
	var results []agent.SendResult
	p.client.call("send", send, &results)
	for _, r := range results {
		if r.Error != "" || r.Status != "SEND_OK" {
			p.client.t.Fatalf("%s: send %s to %v: status %q, error %q", p.client.Kind, send.Mode, r.Queue, r.Status, r.Error)
		}
	}
	return results
}

// Ask sends one message and returns the reply to it.
func (p *Producer) Ask(message agent.Message, timeout time.Duration) (agent.Delivered, error) {
	var reply agent.Delivered
	err := p.client.agent.Call("request", agent.Ask{Member: p.member, Message: message, TimeoutMillis: timeout.Milliseconds()}, &reply)
	return reply, err
}

// Member is what the agent calls the producer.
func (p *Producer) Member() string { return p.member }

// View finds one message by its unique or its offset id.
func (p *Producer) View(topic, id string) agent.Delivered {
	p.client.t.Helper()
	var found agent.Delivered
	p.client.call("view", agent.View{Member: p.member, Topic: topic, ID: id}, &found)
	return found
}

// Query finds messages by key.
func (p *Producer) Query(topic, key string, beginMillis, endMillis int64) ([]agent.Delivered, error) {
	var found []agent.Delivered
	err := p.client.agent.Call("query", agent.Query{
		Member: p.member, Topic: topic, Key: key, MaxMessages: 32, BeginMillis: beginMillis, EndMillis: endMillis,
	}, &found)
	return found, err
}

// Offset asks for an offset of a queue, or with which "earliest" for a time.
func (p *Producer) Offset(queue agent.Queue, which string, timestampMillis int64) int64 {
	p.client.t.Helper()
	var offset int64
	p.client.call("offset", agent.Offset{
		Member: p.member, Queue: queue, Which: which, TimestampMillis: timestampMillis,
	}, &offset)
	return offset
}

// CreateTopic creates a topic with the client's own call.
func (p *Producer) CreateTopic(topic string, queues int) {
	p.client.t.Helper()
	p.client.call("createTopic", agent.CreateTopic{
		Member: p.member, Topic: topic, Queues: queues, Broker: BrokerAddress(p.client.t, p.client.server),
	}, nil)
}

// Shutdown stops the producer.
func (p *Producer) Shutdown() {
	p.client.t.Helper()
	p.client.call("shutdown", agent.Shutdown{Member: p.member}, nil)
}
