package registrar

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gantry/membership"
	"gantry/remoting"
	"gantry/remoting/protocol"
)

// link is the way to one name server. Everything but nudge and want belongs to
// the goroutine in run.
type link struct {
	addr   string
	of     *Registrar
	config *Config
	log    *slog.Logger
	wake   chan struct{} // holds one: a registration is wanted

	quiet   bool                    // the outage under way was logged
	refused string                  // what the last answer refused, logged once
	known   bool                    // a registration was answered, and that was logged
	sent    membership.Registration // what to withdraw

	discovered bool // by gossip; not configured
	unknown    bool // no longer; guarded by Registrar.mu

	mu        sync.Mutex // guards what follows
	connected bool
	remote    string          // address at the other end while connected
	waiting   []chan struct{} // closed by the answer to the next registration, or when the connection ends
}

// nudge wants a registration soon.
func (l *link) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// unnudge forgets what was wanted so far: the registration about to be sent will
// show it.
func (l *link) unnudge() {
	select {
	case <-l.wake:
	default:
	}
}

// want wants a registration and returns what is closed when it was answered; nil
// while the name server is away.
func (l *link) want() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.connected {
		return nil
	}
	ch := make(chan struct{})
	l.waiting = append(l.waiting, ch)
	l.nudge()
	return ch
}

// run keeps the connection until ctx ends, and then withdraws, bounded by *last.
// Without a connection it ends where the name server is known no longer.
func (l *link) run(ctx context.Context, last *context.Context) {
	for patience := 0; ctx.Err() == nil && !l.of.retire(l); patience-- {
		if l.of.covered(l) {
			patience = coveredPatience
		}
		if patience <= 0 {
			l.attempt(ctx, last)
		}
		pause(ctx, l.config.RetryMillis)
	}
}

// coveredPatience is how many attempts the link has that reached a name server so
// far, before another tries.
const coveredPatience = 3

func (l *link) attempt(ctx context.Context, last *context.Context) {
	client, err := l.dial(ctx)
	if err == nil {
		l.setConnected(true, client.Conn().RemoteAddr().String())
		err = l.serve(ctx, client)
		if ctx.Err() != nil {
			l.withdraw(*last, client)
		}
		client.Close()
		l.setConnected(false, "")
	}
	l.lost(ctx, err)
}

func (l *link) dial(ctx context.Context) (*remoting.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, millis(l.config.TimeoutMillis))
	defer cancel()
	return remoting.Dial(ctx, l.config.Dial, l.addr, remoting.Limits{}, refuse)
}

// refuse says to whatever a name server asks that it is not known: one that
// wonders whether the node lives has its answer.
func refuse(c *remoting.Command, to remoting.Responder) {
	to.Reply(&remoting.Response{Code: protocol.RequestCodeNotSupported, Remark: fmt.Sprintf("request type %d is none of a broker's to a name server", c.Code)})
}

// serve registers over client at once, 10 s later, at intervals and when
// wanted; it returns why the connection is of no further use.
func (l *link) serve(ctx context.Context, client *remoting.Client) error {
	next := time.NewTimer(millis(firstPeriodMillis))
	defer next.Stop()
	for {
		l.unnudge()
		answered := l.takeWaiting()
		slotWait, err := l.register(ctx, client)
		for _, ch := range answered {
			close(ch)
		}
		if err != nil {
			return err
		}
		select {
		case <-after(slotWait):
		case <-next.C:
			next.Reset(millis(l.config.PeriodMillis))
		case <-l.wake:
		case <-client.Done():
			return client.Err()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// setConnected lets Sync wait for this name server, or no longer: it is away.
func (l *link) setConnected(connected bool, remote string) {
	l.mu.Lock()
	l.connected, l.remote = connected, remote
	l.mu.Unlock()
	if !connected {
		for _, ch := range l.takeWaiting() {
			close(ch)
		}
	}
}

func (l *link) reaches(addr string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.connected && l.remote == addr
}

func (l *link) takeWaiting() []chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.waiting
	l.waiting = nil
	return taken
}

// lost tells an outage once: the name server is tried again until it is there.
func (l *link) lost(ctx context.Context, err error) {
	if ctx.Err() == nil && !l.quiet {
		l.log.Warn("name server is not reached, trying again", "err", err)
		l.quiet = true
	}
}

// after is time.After for a wait that there may be none of.
func after(wait time.Duration) <-chan time.Time {
	if wait <= 0 {
		return nil
	}
	return time.After(wait)
}

func pause(ctx context.Context, forMillis int) {
	select {
	case <-time.After(millis(forMillis)):
	case <-ctx.Done():
	}
}

func millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }
