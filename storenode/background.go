package storenode

import (
	"log/slog"
	"sync"

	"gantry/remoting"
)

// background runs what may wait for a disk beside the connection that asked, so
// that no connection's other requests wait behind it. Who has asked more than
// may run at once waits in line; how many can wait is bounded by what each
// channel may have under way.
type background struct {
	log     *slog.Logger
	places  chan struct{}
	running sync.WaitGroup
}

func newBackground(log *slog.Logger, atOnce int) *background {
	return &background{log: log, places: make(chan struct{}, atOnce)}
}

// do runs f soon, on its own goroutine.
func (b *background) do(f func()) {
	b.running.Go(func() {
		b.places <- struct{}{}
		defer func() { <-b.places }()
		f()
	})
}

// answering makes a handler of an answer that may wait for a disk.
func (b *background) answering(a answer) remoting.Handler {
	handle := inline(b.log, a)
	return func(c *remoting.Command, to remoting.Responder) {
		own := c.Clone()
		b.do(func() { handle(own, to) })
	}
}

// wait returns when all has run.
func (b *background) wait() { b.running.Wait() }
