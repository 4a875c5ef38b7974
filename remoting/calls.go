package remoting

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// calls are the requests that one side has sent and whose answers it waits for,
// by opaque.
type calls struct {
	mu      sync.Mutex // guards all below; never held while done is called
	last    int32
	waiting map[int32]call
	failed  error
}

// call is told once what became of its request. The answer is borrowed.
type call struct {
	done  func(answer *Command, err error)
	timer *time.Timer // nil: who asked watches the time
}

// open gives done an opaque; a bound of 0 is none.
func (c *calls) open(bound time.Duration, done func(*Command, error)) (opaque int32, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed != nil {
		return 0, c.failed
	}
	if c.waiting == nil {
		c.waiting = map[int32]call{}
	}
	c.last++
	opaque = c.last
	opened := call{done: done}
	if bound > 0 {
		opened.timer = time.AfterFunc(bound, func() { c.expire(opaque) })
	}
	c.waiting[opaque] = opened
	return opaque, nil
}

// nextOpaque is for requests that nobody answers.
func (c *calls) nextOpaque() int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	return c.last
}

// take ends the waiting for an opaque; done is nil where that has ended before.
func (c *calls) take(opaque int32) (done func(*Command, error)) {
	c.mu.Lock()
	ended := c.waiting[opaque]
	delete(c.waiting, opaque)
	c.mu.Unlock()
	if ended.timer != nil {
		ended.timer.Stop()
	}
	return ended.done
}

// resolve hands an answer to who waits for it; an answer nobody waits for is
// dropped, as Java does.
func (c *calls) resolve(answer *Command) {
	if done := c.take(answer.Opaque); done != nil {
		done(answer, nil)
	}
}

func (c *calls) expire(opaque int32) {
	if done := c.take(opaque); done != nil {
		done(nil, noAnswer(opaque, context.DeadlineExceeded))
	}
}

func noAnswer(opaque int32, cause error) error {
	return fmt.Errorf("no answer to request %d: %w", opaque, cause)
}

func (c *calls) fail(err error) {
	c.mu.Lock()
	if c.failed != nil {
		c.mu.Unlock()
		return
	}
	c.failed = err
	waiting := c.waiting
	c.waiting = nil
	c.mu.Unlock()
	for _, ended := range waiting {
		if ended.timer != nil {
			ended.timer.Stop()
		}
		ended.done(nil, err)
	}
}

func (c *calls) ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed != nil
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
