package replica

import (
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gantry/storenode/commitlog"
)

// acceptPause is how long a listener that fails is left alone.
const acceptPause = time.Second

// Master serves a shard's log to its slaves. Its methods may be called
// concurrently.
type Master struct {
	cfg   MasterConfig
	waits waits
	// nearest is the furthest end that a connected slave has reported, -1 where none has.
	nearest atomic.Int64

	stop  chan struct{}
	tasks sync.WaitGroup

	mu        sync.Mutex // guards the rest; held for a few instructions
	closing   bool
	followers []*follower
	gone      []FollowerStatus // the last that left, oldest first
}

// NewMaster begins to serve. Close must follow.
func NewMaster(cfg MasterConfig) *Master {
	m := &Master{cfg: cfg, stop: make(chan struct{})}
	m.nearest.Store(-1)
	m.waits.start(cfg.MaxWaiting, cfg.MaxWaitingBytes)
	m.tasks.Go(m.accept)
	return m
}

// Appended is told that the log has grown, from the appender: it does not block.
func (m *Master) Appended(commitlog.Offset) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.followers {
		f.wake()
	}
}

// Full says that as many wait for a slave as may: nothing more should be
// appended that would.
func (m *Master) Full() bool { return m.waits.full() }

// Wait has w told when a slave has the log up to w.End, or that it does not come
// to that: NoSlave at once where no connected slave is less than
// haSlaveFallbehindMax behind (HAService.isSlaveOK 4.9.7), SlaveTooSlow at w.Due.
func (m *Master) Wait(w *Wait) {
	if !m.available(w.End) {
		w.Done(NoSlave)
		return
	}
	m.waits.add(w)
}

func (m *Master) available(end commitlog.Offset) bool {
	nearest := m.nearest.Load()
	return nearest >= 0 && int64(end)-nearest < m.cfg.HASlaveFallbehindMax
}

// Status is what is known of the slaves now.
func (m *Master) Status() MasterStatus {
	m.mu.Lock()
	followers, gone := slices.Clone(m.followers), slices.Clone(m.gone)
	m.mu.Unlock()
	s := MasterStatus{End: m.cfg.Log.End()}
	for _, f := range followers {
		s.Slaves = append(s.Slaves, f.status(s.End))
	}
	for i := range gone {
		gone[i].LagBytes = int64(s.End - gone[i].Acked)
	}
	return MasterStatus{End: s.End, Slaves: append(s.Slaves, gone...)}
}

// Close gives the slaves CloseDelay to get what they have not, ends their
// connections, tells those who still wait, and returns when all goroutines have.
func (m *Master) Close() error {
	err := m.cfg.Listener.Close()
	m.drain()
	m.mu.Lock()
	m.closing = true
	followers := slices.Clone(m.followers)
	m.mu.Unlock()
	close(m.stop)
	for _, f := range followers {
		f.end(errClosing)
	}
	m.tasks.Wait()
	m.waits.close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

var errClosing = errors.New("the master stops")

// drainPoll is how often Close looks whether the slaves have everything.
const drainPoll = 5 * time.Millisecond

func (m *Master) drain() {
	for end := time.Now().Add(m.cfg.CloseDelay); time.Now().Before(end) && !m.drained(); {
		time.Sleep(drainPoll)
	}
}

// drained says that every slave has the log and nobody waits.
func (m *Master) drained() bool {
	for _, s := range m.Status().Slaves {
		if s.State == FollowerCopying && s.LagBytes > 0 {
			return false
		}
	}
	return m.waits.empty()
}

// accept ends when the listener does. The same error is logged once.
func (m *Master) accept() {
	logged := ""
	for {
		conn, err := m.cfg.Listener.Accept()
		if err == nil {
			logged = ""
			m.welcome(conn)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if logged != err.Error() {
			logged = err.Error()
			m.cfg.Logger.Error("slaves cannot connect", "err", err)
		}
		select {
		case <-m.stop:
		case <-time.After(acceptPause):
		}
	}
}

// welcome begins to serve a slave, if there is room.
func (m *Master) welcome(conn net.Conn) {
	f := newFollower(m, conn)
	m.mu.Lock()
	count, room := len(m.followers), !m.closing && len(m.followers) < m.cfg.MaxSlaves
	if room {
		m.followers = append(m.followers, f)
		m.tasks.Go(f.run)
	}
	m.mu.Unlock()
	if !room {
		m.cfg.Logger.Warn("slave refused, there are as many as may be", "remote_addr", f.addr, "slaves", count)
		_ = conn.Close()
	}
}

// left takes note of a connection that has ended.
func (m *Master) left(f *follower) {
	status := f.status(m.cfg.Log.End())
	m.cfg.Logger.Warn("slave disconnected", "remote_addr", f.addr, "acked", int64(status.Acked), "end", int64(m.cfg.Log.End()), "err", status.LastError)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.followers = slices.DeleteFunc(m.followers, func(o *follower) bool { return o == f })
	m.gone = append(m.gone, status)
	if over := len(m.gone) - m.cfg.KeptSlaves; over > 0 {
		m.gone = slices.Clone(m.gone[over:])
	}
	m.noteNearestLocked()
}

// reported takes note of what a slave says it has; copied is how much of that it
// has from this connection.
func (m *Master) reported(copied commitlog.Offset) {
	m.mu.Lock()
	m.noteNearestLocked()
	m.mu.Unlock()
	m.waits.reached(copied)
}

func (m *Master) noteNearestLocked() {
	nearest := int64(-1)
	for _, f := range m.followers {
		nearest = max(nearest, f.acked.Load())
	}
	m.nearest.Store(nearest)
}

// start is where the log is sent from to a slave that asks for it from a place;
// who reports 0 has nothing and gets all there is.
func (m *Master) start(asked commitlog.Offset) (commitlog.Offset, error) {
	low, end := m.cfg.Log.Min(), m.cfg.Log.End()
	switch {
	case asked > end || asked < 0:
		return 0, fmt.Errorf("the slave is ahead of its master: its log ends at %d, the master's at %d", asked, end)
	case asked == 0:
		return low, nil
	case asked < low:
		return 0, fmt.Errorf("the slave is too far behind: its log ends at %d, the master's begins at %d", asked, low)
	}
	return asked, nil
}

// noReport stands for a slave's end before its first report.
const noReport = math.MinInt64
