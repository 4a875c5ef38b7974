package stage

import (
	"gantry/tools/compat/agent"
)

// Pull is a started pull consumer of either kind.
type Pull struct {
	client *Client
	member string
	sql    bool
}

// Pull starts a pull consumer that names queue and offset itself.
func (c *Client) Pull(topic, group, expression string) *Pull {
	c.t.Helper()
	return c.startPull("startPullConsumer", topic, group, expression, false)
}

// SQLPull is Pull with a SQL92 expression.
func (c *Client) SQLPull(topic, group, expression string) *Pull {
	c.t.Helper()
	return c.startPull("startPullConsumer", topic, group, expression, true)
}

// Lite starts a pull consumer that shares queues with its group and polls what it was given.
func (c *Client) Lite(topic, group, expression string) *Pull {
	c.t.Helper()
	return c.startPull("startLitePullConsumer", topic, group, expression, false)
}

// UnsubscribedLite is Lite whose queues are to be assigned.
func (c *Client) UnsubscribedLite(group string) *Pull {
	c.t.Helper()
	return c.startPull("startLitePullConsumer", "", group, "", false)
}

// SQLLite is Lite with a SQL92 expression.
func (c *Client) SQLLite(topic, group, expression string) *Pull {
	c.t.Helper()
	return c.startPull("startLitePullConsumer", topic, group, expression, true)
}

func (c *Client) startPull(command, topic, group, expression string, sql bool) *Pull {
	c.t.Helper()
	p := &Pull{client: c, member: c.Unique("puller"), sql: sql}
	c.call(command, agent.PullConsumer{
		Member: p.member, Instance: p.member, Namesrv: c.server.Namesrv(),
		Group: group, Topic: topic, Expression: expression, SQL: sql,
	}, nil)
	c.t.Cleanup(func() { _ = c.agent.Call("shutdown", agent.Shutdown{Member: p.member}, nil) })
	return p
}

// Pull asks for messages of one queue.
func (p *Pull) Pull(queue agent.Queue, expression string, offset int64, most int) agent.PullResult {
	p.client.t.Helper()
	var result agent.PullResult
	p.client.call("pull", agent.Pull{
		Member: p.member, Queue: queue, Expression: expression, SQL: p.sql, Offset: offset, MaxMessages: most,
	}, &result)
	return result
}

// TryPull is Pull where the client may refuse: Java's sends no SQL92 to a broker before a heartbeat's answer, each 30 s, has told
// it the broker's version.
func (p *Pull) TryPull(queue agent.Queue, expression string, offset int64, most int) (result agent.PullResult, err error) {
	p.client.t.Helper()
	err = p.client.agent.Call("pull", agent.Pull{
		Member: p.member, Queue: queue, Expression: expression, SQL: p.sql, Offset: offset, MaxMessages: most,
	}, &result)
	return result, err
}

// PullBlocking is Pull that waits at the server while there is nothing.
func (p *Pull) PullBlocking(queue agent.Queue, expression string, offset int64, most int) agent.PullResult {
	p.client.t.Helper()
	var result agent.PullResult
	p.client.call("pull", agent.Pull{
		Member: p.member, Queue: queue, Expression: expression, Offset: offset, MaxMessages: most, Block: true,
	}, &result)
	return result
}

// Assign gives a lite pull consumer without a subscription its queues.
func (p *Pull) Assign(queues ...agent.Queue) {
	p.client.t.Helper()
	p.client.call("assign", agent.Assign{Member: p.member, Queues: queues}, nil)
}

// Seek has a lite pull consumer read a queue of its own from an offset on.
func (p *Pull) Seek(queue agent.Queue, offset int64) {
	p.client.t.Helper()
	p.client.call("seek", agent.Commit{Member: p.member, Queue: queue, Offset: offset}, nil)
}

// Poll takes what came within a time.
func (p *Pull) Poll(timeoutMillis int64) []agent.Delivered {
	p.client.t.Helper()
	var messages []agent.Delivered
	p.client.call("poll", agent.Poll{Member: p.member, TimeoutMillis: timeoutMillis}, &messages)
	return messages
}

// Commit sets the group's place in a queue.
func (p *Pull) Commit(queue agent.Queue, offset int64) {
	p.client.t.Helper()
	p.client.call("commit", agent.Commit{Member: p.member, Queue: queue, Offset: offset}, nil)
}

// Committed is the group's place in a queue.
func (p *Pull) Committed(queue agent.Queue) int64 {
	p.client.t.Helper()
	var offset int64
	p.client.call("committed", agent.Commit{Member: p.member, Queue: queue}, &offset)
	return offset
}

// Shutdown stops the consumer.
func (p *Pull) Shutdown() {
	p.client.t.Helper()
	p.client.call("shutdown", agent.Shutdown{Member: p.member}, nil)
}
