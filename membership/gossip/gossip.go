package gossip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

// Gossip is one process among the others.
type Gossip struct {
	config Config
	log    *slog.Logger
	name   string // of this run
	list   *memberlist.Memberlist
	local  netip.AddrPort // where others reach it

	// mu guards what follows. memberlist calls with locks of its own held: while mu
	// is held it is not called.
	mu      sync.Mutex
	runs    runs
	self    Statement
	leaving bool

	merging sync.RWMutex // held shared while MergeState or LocalState runs, by Close to end them
	closed  bool         // by merging

	changed  chan struct{} // holds one: what runs say is not what it was
	restated chan struct{} // holds one: self is not what others were told
	lost     chan struct{} // holds one: somebody is, seeds may know better
	found    chan struct{} // holds one: somebody is, who may share a state
	share    chan struct{} // holds one: this process has news in its own

	joined             chan struct{} // closed when every seed was tried once
	introduced         chan struct{} // closed when those found were asked for their state, too
	ctx                context.Context
	cancel             context.CancelCauseFunc
	restating, running sync.WaitGroup
	closing            sync.Once
}

var errClosed = errors.New("gossip is closed")

// Start listens, and looks for the seeds in the background. A port in use is
// left for any that is free: what it is then, others hear by gossip.
func Start(config Config) (*Gossip, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	g := &Gossip{config: config, log: config.Log, name: runName(config.Self.ID, time.Now().UnixNano()), self: config.Self,
		changed: make(chan struct{}, 1), restated: make(chan struct{}, 1), lost: make(chan struct{}, 1), found: make(chan struct{}, 1), share: make(chan struct{}, 1),
		joined: make(chan struct{}), introduced: make(chan struct{})}
	g.runs = runs{config: &g.config, all: map[string]*run{}}
	if _, err := g.self.encode(0); err != nil {
		return nil, err
	}
	g.ctx, g.cancel = context.WithCancelCause(context.Background())
	if err := g.listen(); err != nil {
		g.cancel(errClosed)
		return nil, fmt.Errorf("gossip cannot listen: %w", err)
	}
	g.restating.Go(g.restate)
	for _, loop := range []func(){g.tell, g.keepJoined, g.keepExchanged} {
		g.running.Go(loop)
	}
	return g, nil
}

func (g *Gossip) listen() error {
	err := g.create(g.config.Port)
	if err == nil || g.config.Port == 0 || !inUse(err) {
		return err
	}
	if otherwise := g.create(0); otherwise != nil {
		return err
	}
	g.log.Warn("gossip port is in use, another was taken", "port", g.config.Port, "taken", g.local.Port())
	return nil
}

func (g *Gossip) create(port int) error {
	logger := newLogger(g.log)
	t, err := openTransport(&g.config, port, logger)
	if err != nil {
		return err
	}
	settings := g.settings(t)
	settings.Logger = logger
	if g.list, err = memberlist.Create(settings); err != nil {
		t.Shutdown()
		return err
	}
	g.local = addrOf(g.list.LocalNode())
	return nil
}

// Introduced returns when every seed was tried once and those found so have told
// the state that they share, or ctx ends.
func (g *Gossip) Introduced(ctx context.Context) {
	select {
	case <-g.introduced:
	case <-ctx.Done():
	case <-g.ctx.Done():
	}
}

// LocalAddr is where others reach this process's gossip.
func (g *Gossip) LocalAddr() netip.AddrPort { return g.local }

// Members are all that are known, this process among them, by id.
func (g *Gossip) Members() []Member {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.runs.members()
}

// SetFacts changes what this process states beside its role; others hear it
// soon. An error says that there is no room for it.
func (g *Gossip) SetFacts(facts []byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	next := g.self
	next.Facts = facts
	if _, err := next.encode(0); err != nil {
		return err
	}
	g.self = next
	signal(g.restated)
	return nil
}

// restate tells others what this process states now.
func (g *Gossip) restate() {
	for {
		select {
		case <-g.restated:
			g.list.UpdateNode(millis(g.config.LeaveMillis)) // its error: nobody took it yet; an exchange will
		case <-g.ctx.Done():
			return
		}
	}
}

// Close says goodbye and returns when nothing of it runs but what memberlist
// still ends by itself; no function of Config is called any more.
func (g *Gossip) Close() {
	g.closing.Do(func() {
		g.cancel(errClosed)
		g.restating.Wait()
		g.leave()
		g.shut()
	})
}

func (g *Gossip) leave() {
	g.mu.Lock()
	g.leaving = true
	g.mu.Unlock()
	half := millis(g.config.LeaveMillis) / 2
	if err := errors.Join(g.list.UpdateNode(half), g.list.Leave(half)); err != nil {
		g.log.Info("gossip left without a goodbye", "err", err)
	}
}

// shut ends it without a goodbye; ctx has ended.
func (g *Gossip) shut() {
	g.list.Shutdown()
	g.merging.Lock()
	g.closed = true
	g.merging.Unlock()
	g.running.Wait() // after the streams ended that it may have waited for
}

// signal puts a word into a channel that holds one.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
