package registrar

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
)

var errStopped = errors.New("registrar is closed")

// Registrar holds one link per name server.
type Registrar struct {
	config  Config
	log     *slog.Logger
	ctx     context.Context // ends when Close is called
	cancel  context.CancelCauseFunc
	last    context.Context // bounds the withdrawals; written before ctx ends
	closing sync.Once
	running sync.WaitGroup

	mu    sync.Mutex // guards links, and that none is added once ctx has ended
	links []*link
}

// Start begins to register and returns at once. Without any name server it has
// nothing to do.
func Start(log *slog.Logger, config Config) *Registrar {
	r := &Registrar{config: config.withDefaults(), log: log}
	r.ctx, r.cancel = context.WithCancelCause(context.Background())
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, addr := range split(config.NameServers) {
		r.open(addr, false)
	}
	return r
}

// open adds a link; mu is held.
func (r *Registrar) open(addr string, discovered bool) {
	l := &link{addr: addr, of: r, config: &r.config, log: r.log.With("name_server", addr), wake: make(chan struct{}, 1), discovered: discovered}
	r.links = append(r.links, l)
	r.running.Go(func() { l.run(r.ctx, &r.last) })
}

func (r *Registrar) all() []*link {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.links)
}

// Notify registers anew with every name server, soon: what the node states has
// changed. Calls while a registration is under way become one.
func (r *Registrar) Notify() {
	for _, l := range r.all() {
		l.nudge()
	}
}

// Sync registers anew and waits until every name server that is connected has
// answered, or ctx ends: who asks one of them for a route then finds what
// Current returned. A name server that is away is not waited for.
func (r *Registrar) Sync(ctx context.Context) error {
	var answered []<-chan struct{}
	for _, l := range r.all() {
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
		r.mu.Lock()
		defer r.mu.Unlock()
		r.last = ctx
		r.cancel(errStopped)
	})
	r.running.Wait()
}
