package remoting

import (
	"context"
	"fmt"
	"sync"
)

// calls are the requests that one side has sent and whose answers it waits for,
// by opaque.
type calls struct {
	mu      sync.Mutex // guards all below
	last    int32
	waiting map[int32]chan *Command
	failed  error
}

func (c *calls) open() (opaque int32, answer chan *Command, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed != nil {
		return 0, nil, c.failed
	}
	if c.waiting == nil {
		c.waiting = map[int32]chan *Command{}
	}
	c.last++
	answer = make(chan *Command, 1)
	c.waiting[c.last] = answer
	return c.last, answer, nil
}

// nextOpaque is for requests that nobody answers.
func (c *calls) nextOpaque() int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	return c.last
}

func (c *calls) forget(opaque int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, opaque)
}

// resolve hands an answer to who waits for it; an answer nobody waits for is
// dropped, as Java does.
func (c *calls) resolve(answer *Command) {
	c.mu.Lock()
	waiter := c.waiting[answer.Opaque]
	delete(c.waiting, answer.Opaque)
	c.mu.Unlock()
	if waiter != nil {
		waiter <- answer.Clone()
	}
}

func (c *calls) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed != nil {
		return
	}
	c.failed = err
	for opaque, waiter := range c.waiting {
		close(waiter)
		delete(c.waiting, opaque)
	}
}

// wait returns the answer to opaque, the context's cause, or why the peer is gone.
func (c *calls) wait(ctx context.Context, opaque int32, answer chan *Command) (*Command, error) {
	select {
	case a, ok := <-answer:
		if ok {
			return a, nil
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		return nil, c.failed
	case <-ctx.Done():
		c.forget(opaque)
		return nil, fmt.Errorf("no answer to request %d: %w", opaque, context.Cause(ctx))
	}
}

// Clone copies a command out of the memory it borrows.
func (c *Command) Clone() *Command {
	copied := *c
	n := len(c.Body)
	for _, f := range c.Ext {
		n += len(f.Key) + len(f.Value)
	}
	room := make([]byte, 0, n)
	keep := func(b []byte) []byte {
		if b == nil {
			return nil
		}
		from := len(room)
		room = append(room, b...)
		return room[from:len(room):len(room)]
	}
	copied.Body = keep(c.Body)
	copied.Ext = make(Fields, len(c.Ext))
	for i, f := range c.Ext {
		copied.Ext[i] = Field{keep(f.Key), keep(f.Value)}
	}
	return &copied
}
