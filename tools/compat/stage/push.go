package stage

import (
	"slices"
	"sync"
	"testing"
	"time"

	"gantry/tools/compat/agent"
)

// Push is a started push consumer with everything it has seen.
type Push struct {
	client *Client
	member string
	watch  func(agent.Line) // told every event; may be nil

	mu      sync.Mutex // guards the rest
	seen    []agent.Delivered
	queues  []agent.Queue
	changed chan struct{} // closed and replaced at every event
}

// startTries is how often a consumer is started that fails to start: the clients give up their start when a name server does
// not answer within 3 s, which happens where two cores carry four clients and the real server; and 5.3.2 when the one of several
// that it picks at random is dead, about three times of four where that is one of two.
const startTries = 30

// Push starts a push consumer; its member, instance and name server are filled in. It ends with the test.
func (c *Client) Push(p agent.PushConsumer) *Push {
	c.t.Helper()
	return c.WatchedPush(p, nil)
}

// WatchedPush is Push with every event told to watch as it comes, in turn; watch must not block for long.
func (c *Client) WatchedPush(p agent.PushConsumer, watch func(agent.Line)) *Push {
	c.t.Helper()
	for try := 1; ; try++ {
		push, err := c.push(p, watch)
		if err == nil {
			return push
		}
		if try == startTries {
			c.t.Fatalf("%s: %v", c.Kind, err)
		}
		c.t.Logf("%s: start %d: %v", c.Kind, try, err)
	}
}

// TryPush is Push where the start may fail; the error is the client's.
func (c *Client) TryPush(p agent.PushConsumer) error {
	c.t.Helper()
	_, err := c.push(p, nil)
	return err
}

func (c *Client) push(p agent.PushConsumer, watch func(agent.Line)) (*Push, error) {
	p.Member = c.Unique("consumer")
	p.Instance = p.Member
	p.Namesrv = c.server.Namesrv()
	push := &Push{client: c, member: p.Member, watch: watch, changed: make(chan struct{})}
	c.agent.OnEvent(p.Member, push.event)
	if err := c.agent.Call("startPushConsumer", p, nil); err != nil {
		return nil, err
	}
	c.t.Cleanup(func() { _ = c.agent.Call("shutdown", agent.Shutdown{Member: p.Member}, nil) })
	return push, nil
}

// Subscribe is a clustering push consumer of everything in one topic, from its first message.
func (c *Client) Subscribe(topic, group string) *Push {
	c.t.Helper()
	return c.Push(agent.PushConsumer{Group: group, Topics: map[string]string{topic: "*"}, FromFirst: true})
}

func (p *Push) event(line agent.Line) {
	if p.watch != nil {
		p.watch(line)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch line.Event {
	case "delivered":
		p.seen = append(p.seen, *line.Message)
	case "assigned":
		p.queues = line.Queues
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// Delivered is everything seen so far, in the order it came.
func (p *Push) Delivered() []agent.Delivered {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

// Instance is the member's instance name, the last part of its client id.
func (p *Push) Instance() string { return p.member }

// Queues are the queues of a topic that the member holds now, by queue id.
func (p *Push) Queues(topic string) []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ids []int
	for _, q := range p.queues {
		if q.Topic == topic {
			ids = append(ids, q.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// Await waits until a condition over what was seen holds and returns everything seen by then.
func (p *Push) Await(within time.Duration, what string, holds func([]agent.Delivered) bool) []agent.Delivered {
	p.client.t.Helper()
	awaitAny(p.client.t, within, what, func() bool { return holds(p.Delivered()) }, p)
	return p.Delivered()
}

// AwaitCount waits for n deliveries.
func (p *Push) AwaitCount(within time.Duration, n int) []agent.Delivered {
	p.client.t.Helper()
	return p.Await(within, "enough deliveries", func(seen []agent.Delivered) bool { return len(seen) >= n })
}

// AwaitAll waits for a condition over several members.
func AwaitAll(t testing.TB, within time.Duration, what string, holds func() bool, members ...*Push) {
	t.Helper()
	awaitAny(t, within, what, holds, members...)
}

// awaitAny looks at the condition at every event of any member, and each 20 ms for conditions that hang on time.
func awaitAny(t testing.TB, within time.Duration, what string, holds func() bool, members ...*Push) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		changed := members[0].nextChange()
		if holds() {
			return
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-deadline.C:
			for _, m := range members {
				t.Logf("%s saw %d deliveries and holds %v", m.member, len(m.Delivered()), m.queues)
			}
			t.Fatalf("within %v there was not: %s", within, what)
		}
	}
}

func (p *Push) nextChange() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// Shutdown stops the member as an application does.
func (p *Push) Shutdown() {
	p.client.t.Helper()
	p.client.call("shutdown", agent.Shutdown{Member: p.member}, nil)
}
