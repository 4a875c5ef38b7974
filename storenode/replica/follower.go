package replica

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"gantry/storenode/commitlog"
)

// follower is one slave's connection (HAConnection 4.9.7): one goroutine reads
// what it reports, one sends it the log.
type follower struct {
	m    *Master
	conn net.Conn
	addr string

	grown chan struct{} // holds one: the log is longer
	asked chan struct{} // closed by the first report
	over  chan struct{} // closed by end
	sent  atomic.Int64  // what follows is not sent yet
	acked atomic.Int64  // last report; noReport before the first

	mu        sync.Mutex // guards the rest
	requested commitlog.Offset
	start     commitlog.Offset // what was sent first
	state     FollowerState
	since     time.Time
	err       error // why it ends
	goal      progressMark
	caughtUp  time.Time // it had everything that there was then
}

// progressMark is the log's end of a moment.
type progressMark struct {
	end commitlog.Offset
	at  time.Time
}

func newFollower(m *Master, conn net.Conn) *follower {
	f := &follower{m: m, conn: conn, addr: conn.RemoteAddr().String(), state: FollowerGreeting, since: time.Now(), caughtUp: time.Now(),
		grown: make(chan struct{}, 1), asked: make(chan struct{}), over: make(chan struct{})}
	f.acked.Store(noReport)
	return f
}

// wake does not block.
func (f *follower) wake() {
	select {
	case f.grown <- struct{}{}:
	default:
	}
}

// run ends with the connection.
func (f *follower) run() {
	f.m.cfg.Logger.Info("slave connected", "remote_addr", f.addr)
	var reading sync.WaitGroup
	reading.Go(func() { f.end(f.read()) })
	f.end(f.send())
	reading.Wait()
	f.leave()
	f.m.left(f)
}

// end closes the connection; the first reason counts.
func (f *follower) end(why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return
	}
	f.err = why
	close(f.over)
	_ = f.conn.Close()
}

func (f *follower) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.enterLocked(FollowerGone)
}

func (f *follower) enterLocked(state FollowerState) {
	if f.state != state {
		f.state, f.since = state, time.Now()
	}
}

// read takes reports until the connection ends. Of several that came together
// the last one counts.
func (f *follower) read() error {
	var buf [1024]byte
	have := 0
	for {
		if err := f.conn.SetReadDeadline(time.Now().Add(f.m.cfg.HAHousekeepingInterval)); err != nil {
			return err
		}
		n, err := f.conn.Read(buf[have:])
		have += n
		if whole := have - have%reportBytes; whole > 0 {
			end := commitlog.Offset(binary.BigEndian.Uint64(buf[whole-reportBytes:]))
			have = copy(buf[:], buf[whole:have])
			if err := f.reported(end); err != nil {
				return err
			}
		}
		if err != nil {
			return fmt.Errorf("read the slave's report: %w", err)
		}
	}
}

// reported takes a report. What the slave had when it came counts for its lag,
// but nobody has compared that: it acknowledges nothing.
func (f *follower) reported(end commitlog.Offset) error {
	if f.acked.Load() == noReport {
		if err := f.begin(end); err != nil {
			return err
		}
	} else if sent := commitlog.Offset(f.sent.Load()); end > sent {
		return fmt.Errorf("the slave reports %d and was sent the log up to %d", end, sent)
	}
	f.acked.Store(int64(end))
	f.note(end, f.m.cfg.Log.End())
	copied := end
	if end <= f.start {
		copied = 0
	}
	f.m.reported(copied)
	return nil
}

// begin takes the first report.
func (f *follower) begin(asked commitlog.Offset) error {
	start, err := f.m.start(asked)
	f.mu.Lock()
	f.requested, f.start = asked, start
	f.goal = progressMark{f.m.cfg.Log.End(), time.Now()}
	f.mu.Unlock()
	if err != nil {
		return err
	}
	f.sent.Store(int64(start))
	f.m.cfg.Logger.Info("slave is sent the log", "remote_addr", f.addr, "from", int64(start), "asked", int64(asked), "end", int64(f.m.cfg.Log.End()))
	close(f.asked)
	return nil
}

// note finds out how far the slave is behind: when it has all that there was at
// a moment, it lags from that moment on.
func (f *follower) note(acked, end commitlog.Offset) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if acked >= f.goal.end {
		f.caughtUp, f.goal = f.goal.at, progressMark{end, time.Now()}
	}
	if acked >= end {
		f.caughtUp = time.Now()
	}
	f.enterLocked(FollowerCopying)
}

// send sends the log from where the slave has asked, and heartbeats, until the
// connection ends.
func (f *follower) send() error {
	select {
	case <-f.asked:
	case <-f.over:
		return nil
	}
	s := newSender(f)
	defer s.beat.Stop()
	for {
		if s.at < f.m.cfg.Log.End() {
			if err := s.sendSome(); err != nil {
				return err
			}
			continue
		}
		select {
		case <-f.grown:
		case <-s.beat.C:
			if err := s.write(frameHead{offset: s.at}.append(nil)); err != nil {
				return err
			}
		case <-f.over:
			return nil
		}
	}
}

// sender is the state of the goroutine that sends.
type sender struct {
	f     *follower
	at    commitlog.Offset
	beat  *time.Timer // fires when nothing was sent for a while
	buf   []byte
	heads []byte
}

func newSender(f *follower) *sender {
	return &sender{f: f, at: commitlog.Offset(f.sent.Load()), beat: time.NewTimer(f.m.cfg.HASendHeartbeatInterval), buf: make([]byte, f.m.cfg.ReadBytes)}
}

// sendSome sends the next piece of the log, of one file, in frames.
func (s *sender) sendSome() error {
	log, cfg := s.f.m.cfg.Log, &s.f.m.cfg
	n, bad, err := log.ReadChecked(s.buf, s.at)
	switch {
	case errors.Is(err, commitlog.ErrOutOfRange) && s.at < log.Min():
		return fmt.Errorf("the slave is too far behind: it needs the log from %d on, which begins at %d now", s.at, log.Min())
	case err != nil:
		return err
	case len(bad) > 0:
		return fmt.Errorf("the log is damaged at %d: %w; it is not passed on", bad[0], commitlog.ErrBlockSum)
	}
	s.f.sent.Store(int64(s.at) + int64(n)) // before the slave can report it
	var frames net.Buffers
	frames, s.heads = framesOf(s.buf[:n], s.at, min(cfg.HATransferBatchSize, mostFrameBytes), s.heads[:0])
	if err := s.writeAll(frames); err != nil {
		return err
	}
	if int64(log.End()-s.at) > cfg.ColdBytes {
		err = log.DropCache(s.at, s.at+commitlog.Offset(n))
	}
	s.at += commitlog.Offset(n)
	return err
}

// framesOf cuts b, which lies at an offset, into frames; heads is where their
// heads are put.
func framesOf(b []byte, at commitlog.Offset, most int, heads []byte) (net.Buffers, []byte) {
	count := (len(b) + most - 1) / most
	frames := make(net.Buffers, 0, 2*count)
	if cap(heads) < count*headBytes {
		heads = make([]byte, 0, count*headBytes)
	}
	for len(b) > 0 {
		n := min(len(b), most)
		heads = frameHead{at, n}.append(heads)
		frames = append(frames, heads[len(heads)-headBytes:], b[:n])
		b, at = b[n:], at+commitlog.Offset(n)
	}
	return frames, heads
}

func (s *sender) write(b []byte) error { return s.writeAll(net.Buffers{b}) }

// writeAll waits as long as the slave reports, be it that its disk is full and it
// takes nothing: when it falls silent the connection ends.
func (s *sender) writeAll(frames net.Buffers) error {
	if _, err := frames.WriteTo(s.f.conn); err != nil {
		return fmt.Errorf("send the log: %w", err)
	}
	s.beat.Reset(s.f.m.cfg.HASendHeartbeatInterval)
	return nil
}

// status is how the slave stands when the log ends at end.
func (f *follower) status(end commitlog.Offset) FollowerStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := FollowerStatus{Addr: f.addr, State: f.state, Since: f.since, Requested: f.requested, Sent: commitlog.Offset(f.sent.Load())}
	if acked := f.acked.Load(); acked != noReport {
		s.Acked = max(commitlog.Offset(acked), 0)
	}
	if s.LagBytes = int64(end - max(s.Acked, f.start)); s.LagBytes > 0 {
		s.Lag = time.Since(f.caughtUp)
	}
	if f.err != nil {
		s.LastError = f.err.Error()
	}
	return s
}
