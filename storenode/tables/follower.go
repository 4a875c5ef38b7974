package tables

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// FollowerConfig is what a Follower is built from.
type FollowerConfig struct {
	Tables Tables
	Dial   remoting.DialFunc // of the master's listenPort
	Log    *slog.Logger
	// Ready says why the master is not to be followed now: a copy whose log is not its master's keeps its own tables, too. nil
	// where nothing stands against it.
	Ready func() error

	Wait         time.Duration // how long a Gantry master may hold its answer
	AnswerBound  time.Duration // beyond that, and for everything else
	Retry        time.Duration // between two attempts
	Pace         time.Duration // between an answer and the next question
	JavaInterval time.Duration // the same with a Java master
	HandBack     int           // offsets handed back at once
}

// DefaultFollowerConfig lacks tables, dial function and logger.
func DefaultFollowerConfig() FollowerConfig {
	return FollowerConfig{Ready: func() error { return nil }, Wait: 2 * time.Second, AnswerBound: 5 * time.Second, Retry: time.Second, Pace: 20 * time.Millisecond, JavaInterval: 10 * time.Second, HandBack: 10_000}
}

// Status is how far a slave's tables are its master's.
type Status struct {
	Master    string    // its listenPort; "" where none is known
	Kind      string    // "gantry" or "java"; "" while it does not answer
	HeardAt   time.Time // of the last answer that left nothing open; zero before the first
	LastError string    // the last, also when it has gone on since
}

// Follower keeps a slave's tables its master's.
type Follower struct {
	config FollowerConfig

	moved   chan struct{} // holds one: the master is another
	cancel  context.CancelFunc
	running sync.WaitGroup

	// Of the goroutine:
	asked    question                     // what the master's last answer has left the slave with
	place    int64                        // of the slave's own changes when that master process began to state its offsets
	joined   string                       // the master process that has stated all
	stated   protocol.ConsumerOffsetTable // by a Java master's last answer
	of       string                       // the master whose word this is:
	delays   waiting[[]byte]
	timers   waiting[[]byte]
	settled  waiting[settled]
	answered time.Time // when the last question was asked that was answered

	mu     sync.Mutex // guards status
	status Status
}

// StartFollower begins to ask as soon as it knows whom; Close must follow.
func StartFollower(config FollowerConfig) *Follower {
	f := &Follower{config: config, moved: make(chan struct{}, 1)}
	var ctx context.Context
	ctx, f.cancel = context.WithCancel(context.Background())
	f.running.Go(func() { f.run(ctx) })
	return f
}

// Follow says where the master is, HOST:PORT of its listenPort. "" changes
// nothing: a master that no name server knows may be on its way back.
func (f *Follower) Follow(master string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if master == "" || master == f.status.Master {
		return
	}
	f.status = Status{Master: master, LastError: f.status.LastError}
	select {
	case f.moved <- struct{}{}:
	default:
	}
}

// Status is how it stands now.
func (f *Follower) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status
}

// Close ends it and returns when its goroutine has.
func (f *Follower) Close() error {
	f.cancel()
	f.running.Wait()
	return nil
}

func (f *Follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		if master := f.Status().Master; master != "" {
			if err := f.config.Ready(); err != nil {
				f.fail(err)
			} else {
				f.note(ctx, f.followWhile(ctx, master))
			}
		}
		select {
		case <-time.After(f.config.Retry):
		case <-f.moved:
		case <-ctx.Done():
		}
	}
}

// fail takes note of why the master is not followed, and says whether that is news.
func (f *Follower) fail(err error) (news bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	news = f.status.LastError != err.Error()
	f.status.Kind, f.status.LastError = "", err.Error()
	return news
}

// note logs an outage once.
func (f *Follower) note(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil && f.fail(err) {
		f.config.Log.Warn("tables do not follow the master's, trying again", "master", f.Status().Master, "err", err)
	}
}

func (f *Follower) heard(kind string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.status.Kind == "" {
		f.config.Log.Info("tables follow the master's", "master", f.status.Master, "kind", kind)
	}
	f.status.Kind, f.status.HeardAt = kind, time.Now()
}

// followWhile follows until the connection ends or the master is another.
func (f *Follower) followWhile(ctx context.Context, master string) error {
	client, err := f.dial(ctx, master)
	if err != nil {
		return err
	}
	defer client.Close()
	f.hearOnly(master)
	s := &session{f: f, client: client}
	for {
		next, err := s.step(ctx)
		if err != nil {
			return fmt.Errorf("ask master %s: %w", master, err)
		}
		if f.Status().Master != master || f.config.Ready() != nil {
			return nil
		}
		select {
		case <-time.After(next):
		case <-client.Done():
			return fmt.Errorf("master %s: %w", master, client.Err())
		case <-ctx.Done():
			return nil
		}
	}
}

// hearOnly forgets what still waits of another master's word.
func (f *Follower) hearOnly(master string) {
	if f.of != master {
		f.of, f.delays, f.timers, f.settled = master, waiting[[]byte]{}, waiting[[]byte]{}, waiting[settled]{}
	}
}

func (f *Follower) dial(ctx context.Context, master string) (*remoting.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, f.config.AnswerBound)
	defer cancel()
	return remoting.Dial(ctx, f.config.Dial, master, remoting.Limits{}, nil)
}
