package gossip

import (
	"context"
	"errors"
	"log"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/memberlist"
)

// transport is memberlist's own, whose streams end when it does: nobody waits
// for a peer that is gone.
type transport struct {
	*memberlist.NetTransport
	config    *Config
	advertise netip.AddrPort
	accepted  chan net.Conn
	ctx       context.Context
	cancel    context.CancelCauseFunc
	running   sync.WaitGroup // handOn, and streams that memberlist has not closed

	mu      sync.Mutex // guards what follows
	streams map[*stream]struct{}
	closed  bool
}

func openTransport(config *Config, port int, logger *log.Logger) (*transport, error) {
	opened, err := openSockets(config.BindAddr, port, logger)
	if err != nil {
		return nil, err
	}
	t := &transport{NetTransport: opened, config: config, accepted: make(chan net.Conn), streams: map[*stream]struct{}{}}
	host := config.AdvertiseAddr
	if host == "" {
		host = config.BindAddr
	}
	t.advertise = netip.AddrPortFrom(netip.MustParseAddr(host), uint16(opened.GetAutoBindPort()))
	t.ctx, t.cancel = context.WithCancelCause(context.Background())
	t.running.Go(t.handOn)
	return t, nil
}

// freePortAttempts: a port that is free for TCP may be taken for UDP.
const freePortAttempts = 10

func openSockets(host string, port int, logger *log.Logger) (opened *memberlist.NetTransport, err error) {
	settings := &memberlist.NetTransportConfig{BindAddrs: []string{host}, BindPort: port, Logger: logger}
	for range freePortAttempts {
		opened, err = memberlist.NewNetTransport(settings)
		if err == nil || port != 0 || !inUse(err) {
			break
		}
	}
	return opened, err
}

// inUse goes by the text, as memberlist does, which wraps no errors.
func inUse(err error) bool { return strings.Contains(err.Error(), syscall.EADDRINUSE.Error()) }

// handOn gives accepted streams to memberlist; it reads until the listeners have
// ended, lest they wait.
func (t *transport) handOn() {
	for {
		select {
		case raw := <-t.NetTransport.StreamCh():
			if s := t.track(raw); s != nil {
				select {
				case t.accepted <- s:
				case <-t.ctx.Done():
					s.Close()
				}
			}
		case <-t.ctx.Done():
			return
		}
	}
}

// StreamCh implements memberlist.Transport.
func (t *transport) StreamCh() <-chan net.Conn { return t.accepted }

// DialAddressTimeout implements memberlist.NodeAwareTransport.
func (t *transport) DialAddressTimeout(a memberlist.Address, timeout time.Duration) (net.Conn, error) {
	dialer := net.Dialer{Timeout: min(timeout, millis(t.config.DialMillis))}
	if bind := netip.MustParseAddr(t.config.BindAddr); !bind.IsUnspecified() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(bind, 0)) // its packets come from there too
	}
	raw, err := dialer.DialContext(t.ctx, "tcp", a.Addr)
	if err != nil {
		return nil, err
	}
	s := t.track(raw)
	if s == nil {
		return nil, errClosed
	}
	return s, nil
}

// Shutdown implements memberlist.Transport: it returns when no stream is in use.
func (t *transport) Shutdown() error {
	err := t.NetTransport.Shutdown()
	t.cancel(errClosed)
	t.mu.Lock()
	t.closed = true
	for s := range t.streams {
		s.Conn.Close()
	}
	t.mu.Unlock()
	t.running.Wait()
	return err
}

// stream counts as in use until memberlist closes it.
type stream struct {
	net.Conn
	of   *transport
	once sync.Once
}

func (t *transport) track(raw net.Conn) *stream {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		raw.Close()
		return nil
	}
	s := &stream{Conn: raw, of: t}
	t.streams[s] = struct{}{}
	t.running.Add(1)
	return s
}

// Close implements net.Conn.
func (s *stream) Close() error {
	err := s.Conn.Close()
	s.once.Do(func() {
		s.of.mu.Lock()
		delete(s.of.streams, s)
		s.of.mu.Unlock()
		s.of.running.Done()
	})
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
