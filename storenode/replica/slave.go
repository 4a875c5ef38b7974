package replica

import (
	"context"
	"errors"
	"sync"
	"time"

	"gantry/storenode/commitlog"
)

// Slave copies its master's log into its own store. Its methods may be called
// concurrently.
type Slave struct {
	cfg   SlaveConfig
	ctx   context.Context
	stop  context.CancelFunc
	moved chan struct{} // holds one: the master's address is another
	tasks sync.WaitGroup

	mu        sync.Mutex // guards the rest; held for a few instructions
	master    Address
	leave     context.CancelFunc // ends the session with the former master; nil between two
	state     SlaveState
	since     time.Time
	masterEnd commitlog.Offset
	caughtUp  time.Time
	lastErr   string
	loggedErr string
}

// NewSlave begins to copy as soon as Follow has said from where. Close must
// follow.
func NewSlave(cfg SlaveConfig) *Slave {
	s := &Slave{cfg: cfg, moved: make(chan struct{}, 1), state: SlaveUnguided, since: time.Now(), caughtUp: time.Now()}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.tasks.Go(s.run)
	return s
}

// Follow says where the master is, as haMasterAddress or a registration's answer
// does; an address without HA is none. Another than before ends what goes on with
// the former.
func (s *Slave) Follow(master Address) {
	master = master.whole()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master == master {
		return
	}
	s.cfg.Logger.Info("slave follows a master", "ha_addr", master.HA, "master_addr", master.Master, "former", s.master.HA)
	s.master = master
	if s.leave != nil {
		s.leave()
	}
	select {
	case s.moved <- struct{}{}:
	default:
	}
}

// Status is how the slave stands now.
func (s *Slave) Status() SlaveStatus {
	end := s.cfg.Store.Log().End()
	s.mu.Lock()
	defer s.mu.Unlock()
	status := SlaveStatus{Master: s.master, State: s.state, Since: s.since, End: end, MasterEnd: s.masterEnd, LastError: s.lastErr}
	if status.LagBytes = int64(s.masterEnd - end); status.LagBytes != 0 {
		status.Lag = time.Since(s.caughtUp)
	}
	return status
}

// Close ends copying and returns when all goroutines have; what was being
// appended has been.
func (s *Slave) Close() error {
	s.stop()
	s.tasks.Wait()
	return nil
}

func (s *Slave) run() {
	for s.ctx.Err() == nil {
		pause := s.cfg.HAHousekeepingInterval
		if ctx, master, known := s.begin(); known {
			pause = s.failed(s.follow(ctx, master))
			s.ended()
		}
		select {
		case <-s.ctx.Done():
		case <-s.moved:
		case <-time.After(pause):
		}
	}
}

// begin returns the master's address and the context of a session with it.
func (s *Slave) begin() (context.Context, Address, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master.HA == "" {
		s.enterLocked(SlaveUnguided)
		return nil, Address{}, false
	}
	select {
	case <-s.moved: // that is this one
	default:
	}
	if s.state != SlaveStopped {
		s.enterLocked(SlaveConnecting)
	}
	ctx, leave := context.WithCancel(s.ctx)
	s.leave = leave
	return ctx, s.master, true
}

func (s *Slave) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave()
	s.leave = nil
}

// failed takes note of why a session ended and says how long to wait for the next.
func (s *Slave) failed(err error) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, context.Canceled) {
		return 0 // closed, or told of another master
	}
	s.lastErr = err.Error()
	log := s.cfg.Logger.Warn
	pause := s.cfg.RetryInterval
	s.enterLocked(SlaveConnecting)
	if stopping(err) {
		pause, log = s.cfg.StoppedRetryInterval, s.cfg.Logger.Error
		s.enterLocked(SlaveStopped)
	}
	if s.loggedErr != s.lastErr {
		s.loggedErr = s.lastErr
		log("slave does not copy", "ha_addr", s.master.HA, "state", string(s.state), "end", int64(s.cfg.Store.Log().End()), "err", err)
	}
	return pause
}

func (s *Slave) enter(state SlaveState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.enterLocked(state); state == SlaveCopying {
		s.loggedErr = ""
	}
}

func (s *Slave) enterLocked(state SlaveState) {
	if s.state != state {
		s.state, s.since = state, time.Now()
	}
}

// heard takes note of how far the master's log goes at least; exactly says that
// it went no further just now.
func (s *Slave) heard(masterEnd commitlog.Offset, exactly bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if exactly || masterEnd > s.masterEnd {
		s.masterEnd = masterEnd
	}
	s.noteCaughtUpLocked()
}

func (s *Slave) noteCaughtUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noteCaughtUpLocked()
}

func (s *Slave) noteCaughtUpLocked() {
	if s.cfg.Store.Log().End() >= s.masterEnd {
		s.caughtUp = time.Now()
	}
}

// troubled takes note of an error that copying goes on behind.
func (s *Slave) troubled(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastErr = err.Error(); s.loggedErr != s.lastErr {
		s.loggedErr = s.lastErr
		s.cfg.Logger.Error("what the master sends cannot be appended, it is tried again", "end", int64(s.cfg.Store.Log().End()), "err", err)
	}
}
