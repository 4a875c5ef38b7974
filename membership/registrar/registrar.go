package registrar

import (
	"context"
	"errors"
	"log/slog"
	"sync"
)

var errStopped = errors.New("registrar is closed")

// Registrar holds one link per name server.
type Registrar struct {
	links   []*link
	ctx     context.Context // ends when Close is called
	cancel  context.CancelCauseFunc
	last    context.Context // bounds the withdrawals; written before ctx ends
	closing sync.Once
	running sync.WaitGroup
}

// Start begins to register and returns at once. Without any name server it has
// nothing to do.
func Start(log *slog.Logger, config Config) *Registrar {
	config = config.withDefaults()
	r := &Registrar{}
	r.ctx, r.cancel = context.WithCancelCause(context.Background())
	for _, addr := range split(config.NameServers) {
		l := &link{addr: addr, config: &config, log: log.With("name_server", addr), wake: make(chan struct{}, 1)}
		r.links = append(r.links, l)
		r.running.Go(func() { l.run(r.ctx, &r.last) })
	}
	return r
}

// Notify registers anew with every name server, soon: what the node states has
// changed. Calls while a registration is under way become one.
func (r *Registrar) Notify() {
	for _, l := range r.links {
		l.nudge()
	}
}

// Sync registers anew and waits until every name server that is connected has
// answered, or ctx ends: who asks one of them for a route then finds what
// Current returned. A name server that is away is not waited for.
func (r *Registrar) Sync(ctx context.Context) error {
	var answered []<-chan struct{}
	for _, l := range r.links {
		if ch := l.want(); ch != nil {
			answered = append(answered, ch)
		}
	}
	for _, ch := range answered {
		select {
		case <-ch:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Close withdraws the registration from every name server that is connected,
// until ctx ends, and returns when all links are closed.
func (r *Registrar) Close(ctx context.Context) {
	r.closing.Do(func() {
		r.last = ctx
		r.cancel(errStopped)
	})
	r.running.Wait()
}
