package storenode

import (
	"log/slog"
	"sync"

	"gantry/remoting"
)

// background runs what may wait for a disk beside the connection that asked, so
// that no connection's other requests wait behind it. Who has asked more than
// may run at once waits in line; how many can wait is bounded by what each
// channel may have under way. What reads far behind the end of the log, and so
// waits for the disk as a rule, has places of its own: it holds up nobody who
// reads what has just come.
type background struct {
	log       *slog.Logger
	hot, cold chan struct{} // full when as many run as may
	running   sync.WaitGroup
	besides   sync.WaitGroup // of beside: apart, since answers of the commit log begin them until it is closed
}

func newBackground(log *slog.Logger, atOnce int) *background {
	return &background{log: log, hot: make(chan struct{}, atOnce), cold: make(chan struct{}, atOnce)}
}

// do runs f soon, on its own goroutine.
func (b *background) do(f func()) { b.run(b.hot, f) }

// doCold is do for what surely needs the disk.
func (b *background) doCold(f func()) { b.run(b.cold, f) }

func (b *background) run(places chan struct{}, f func()) {
	b.running.Go(func() {
		places <- struct{}{}
		defer func() { <-places }()
		f()
	})
}

// beside runs f at once, on its own goroutine; for what waits for no disk, and not for long.
func (b *background) beside(f func()) { b.besides.Go(f) }

// answering makes a handler of an answer that may wait for a disk.
func (b *background) answering(a answer) remoting.Handler { return b.handler(a, b.do) }

// searching is answering for what looks anywhere in the store.
func (b *background) searching(a answer) remoting.Handler { return b.handler(a, b.doCold) }

func (b *background) handler(a answer, do func(func())) remoting.Handler {
	return beside(inline(b.log, a), do)
}

// handling runs a handler that looks anywhere in the store before it answers, or has another answer.
func (b *background) handling(handle remoting.Handler) remoting.Handler {
	return beside(handle, b.doCold)
}

func beside(handle remoting.Handler, do func(func())) remoting.Handler {
	return func(c *remoting.Command, to remoting.Responder) {
		own := c.Clone()
		do(func() { handle(own, to) })
	}
}

// wait returns when all has run but what runs beside. None begins any more.
func (b *background) wait() { b.running.Wait() }

// waitBeside returns when that has run, too. The commit log is closed.
func (b *background) waitBeside() { b.besides.Wait() }
