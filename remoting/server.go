package remoting

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// FrameHandler is given one connection's frames, one after the other, each with
// the bytes that stood before it. An error closes the connection.
type FrameHandler interface {
	Frame(prefix, frame []byte) error
	// Closed is called once, after the last Frame.
	Closed()
}

// Server accepts connections on any number of listeners. It knows no codes:
// each connection's frames go to the handler that its listener's open gave.
type Server struct {
	log    *slog.Logger
	limits Limits
	bound  int // connections at once
	unsent unsent

	mu        sync.Mutex // guards what follows; never held across I/O
	conns     map[*Conn]struct{}
	lastEnded int64 // when the last activity was on any connection that has ended, unix nanoseconds
	listeners []net.Listener
	stopping  bool

	refused       int // connections beyond the bound, not logged yet
	refusedLogged time.Time

	running sync.WaitGroup
	stop    chan struct{}
}

// DefaultConnections is how many connections a Server holds at once unless told.
const DefaultConnections = 65535

// NewServer starts a server without listeners. connections bounds them all, 0
// means DefaultConnections.
func NewServer(log *slog.Logger, limits Limits, connections int) *Server {
	if connections == 0 {
		connections = DefaultConnections
	}
	s := &Server{log: log, limits: limits.withDefaults(), bound: connections,
		conns: map[*Conn]struct{}{}, lastEnded: time.Now().UnixNano(), stop: make(chan struct{})}
	s.unsent.limit = int64(s.limits.AllOutBytes)
	s.running.Go(s.cutSilent)
	return s
}

// Serve accepts on l in the background; open gives each connection its handler.
func (s *Server) Serve(l net.Listener, open func(*Conn) FrameHandler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		l.Close()
		return
	}
	s.listeners = append(s.listeners, l)
	s.running.Go(func() { s.accept(l, open) })
}

func (s *Server) accept(l net.Listener, open func(*Conn) FrameHandler) {
	for {
		raw, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // descriptors used up, a peer gone already: the listener lives
			s.log.Warn("connection not accepted", "local_addr", l.Addr(), "err", err)
			if !s.pause(50 * time.Millisecond) {
				return
			}
			continue
		}
		s.take(raw, open)
	}
}

func (s *Server) pause(d time.Duration) bool {
	select {
	case <-s.stop:
		return false
	case <-time.After(d):
		return true
	}
}

func (s *Server) take(raw net.Conn, open func(*Conn) FrameHandler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping || len(s.conns) >= s.bound {
		if !s.stopping {
			s.logRefused(raw)
		}
		raw.Close()
		return
	}
	resetWhenKilled(raw)
	noticeVanished(raw)
	conn := newConn(raw, s.limits, &s.unsent)
	s.conns[conn] = struct{}{}
	s.running.Go(func() { s.run(conn, open(conn)) })
}

// refusalPeriod lies between two log lines about connections beyond the bound:
// who is refused dials again.
const refusalPeriod = time.Minute

// logRefused tells of connections beyond the bound; mu is held.
func (s *Server) logRefused(raw net.Conn) {
	s.refused++
	if now := time.Now(); now.Sub(s.refusedLogged) >= refusalPeriod {
		s.log.Warn("connection refused", "remote_addr", raw.RemoteAddr(),
			"reason", fmt.Sprintf("%d connections are the bound", s.bound), "refusals", s.refused)
		s.refused, s.refusedLogged = 0, now
	}
}

// resetWhenKilled lets the kernel reset the connection if this process dies, as
// an unlingering close does: clients before 5.x take an orderly end for nothing
// and go on waiting 30 s for their pulls. Conn.Close ends in order again.
func resetWhenKilled(raw net.Conn) {
	if tcp, ok := raw.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
}

// endInOrder lets what was written reach the peer before the end does.
func endInOrder(raw net.Conn) {
	if tcp, ok := raw.(*net.TCPConn); ok {
		tcp.SetLinger(-1)
	}
}

func (s *Server) run(conn *Conn, h FrameHandler) {
	err := conn.Serve(func(prefix, frame []byte) error {
		if err := h.Frame(prefix, frame); err != nil {
			return err
		}
		return conn.Hold() // only on this side: two ends that hold each other up would never move again
	})
	s.mu.Lock()
	delete(s.conns, conn)
	s.lastEnded = max(s.lastEnded, conn.active.Load())
	quiet := s.stopping
	s.mu.Unlock()
	h.Closed()
	if !quiet && !ordinaryEnd(err) {
		s.log.Warn("connection closed", "remote_addr", conn.RemoteAddr(), "reason", err)
	}
}

// ordinaryEnd tells the ends that are nobody's fault.
func ordinaryEnd(err error) bool {
	var netErr net.Error
	return err == io.EOF || errors.Is(err, ErrClosed) || errors.Is(err, errIdle) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) || (errors.As(err, &netErr) && !netErr.Timeout())
}

var errIdle = errors.New("nothing came or went for the idle time")

// cutStep is how finely the ends of silent connections are looked for.
const cutStep = 5 * time.Second

// cutSilent closes connections on which nothing moved for Limits.IdleMillis, and
// those that began a frame and do not end it.
func (s *Server) cutSilent() {
	idle, frame := millis(s.limits.IdleMillis), millis(s.limits.FrameMillis)
	step := cutStep
	for _, bound := range []time.Duration{idle, frame} {
		if bound > 0 {
			step = min(step, max(bound/12, time.Millisecond))
		}
	}
	for s.pause(step) {
		for _, c := range s.snapshot() {
			switch {
			case idle > 0 && c.IdleFor() >= idle:
				c.Close(errIdle)
			case frame > 0 && c.FrameFor() >= frame:
				c.Close(fmt.Errorf("a frame was not whole after %v", frame))
			}
		}
	}
}

func millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func (s *Server) snapshot() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		all = append(all, c)
	}
	return all
}

// Quiet is for how long nothing has come or gone on any connection, and how many
// there are.
func (s *Server) Quiet() (since time.Duration, connections int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.lastEnded
	for c := range s.conns {
		last = max(last, c.active.Load())
	}
	return time.Duration(time.Now().UnixNano() - last), len(s.conns)
}

// CloseListeners stops accepting; connections live on.
func (s *Server) CloseListeners() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeners {
		l.Close()
	}
	s.listeners = nil
}

// Close stops accepting, lets what was sent leave until ctx ends, closes every
// connection and returns when all goroutines have.
func (s *Server) Close(ctx context.Context) {
	s.CloseListeners()
	s.mu.Lock()
	if !s.stopping {
		s.stopping = true
		close(s.stop)
	}
	s.mu.Unlock()
	for _, c := range s.snapshot() {
		c.Flush(ctx)
		c.Close(ErrClosed)
	}
	s.running.Wait()
}
