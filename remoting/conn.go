package remoting

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Limits are a connection's bounds. The zero value of a field means its default.
type Limits struct {
	FrameBytes int // largest frame, default 16 MiB (com.rocketmq.remoting.frameMaxLength)
	OutBytes   int // unsent bytes at which a peer that does not read is cut, default 64 MiB
	HoldBytes  int // unsent bytes at which a Server no longer reads its requests, default 1 MiB
	InFlight   int // requests under way above which more are answered SYSTEM_BUSY, default 65,535
	IdleMillis int // neither read nor written for so long: cut, default 120,000; negative: never

	// What a Server bounds besides.
	AllOutBytes int // unsent bytes of all connections at which those are cut that leave more than 64 KiB unread, default 512 MiB
	FrameMillis int // what a frame may take from its first byte to its last, default 30,000; negative: any time
}

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		field    *int
		standard int
	}{{&l.FrameBytes, 16 << 20}, {&l.OutBytes, 64 << 20}, {&l.HoldBytes, 1 << 20}, {&l.InFlight, 65535}, {&l.IdleMillis, 120_000},
		{&l.AllOutBytes, 512 << 20}, {&l.FrameMillis, 30_000}} {
		if *f.field == 0 {
			*f.field = f.standard
		}
	}
	return l
}

// Conn is one framed connection. Reading belongs to the goroutine in Serve;
// sending may come from any.
type Conn struct {
	raw    net.Conn
	limits Limits
	reader *FrameReader
	out    *outbox

	active    atomic.Int64 // unix nanoseconds of the last read or write
	begun     atomic.Int64 // unix nanoseconds since when the rest of a frame is waited for; 0: for none
	closeOnce sync.Once
	writer    sync.WaitGroup
}

// NewConn takes over raw and starts its writer; Serve must be called, and ends
// with everything closed.
func NewConn(raw net.Conn, limits Limits) *Conn {
	limits = limits.withDefaults()
	return newConn(raw, limits, &unsent{limit: int64(limits.AllOutBytes)})
}

func newConn(raw net.Conn, limits Limits, all *unsent) *Conn {
	c := &Conn{raw: raw, limits: limits, out: newOutbox(limits.OutBytes, all)}
	c.reader = NewFrameReader(activeReader{c}, limits.FrameBytes)
	c.touch()
	c.writer.Go(func() {
		c.Close(c.out.run(activeWriter{c}))
	})
	return c
}

type activeReader struct{ c *Conn }

func (r activeReader) Read(p []byte) (int, error) {
	r.c.noteFrame()
	n, err := r.c.raw.Read(p)
	if n > 0 { // its end is no sign of life
		r.c.touch()
	}
	return n, err
}

type activeWriter struct{ c *Conn }

// writeBytes is what one write may take: a peer that reads slowly but reads is
// seen to be alive after each.
const writeBytes = 256 << 10

func (w activeWriter) Write(p []byte) (written int, err error) {
	for written < len(p) && err == nil {
		var n int
		n, err = w.c.raw.Write(p[written:min(written+writeBytes, len(p))])
		w.c.touch()
		written += n
	}
	return written, err
}

// noteFrame notes since when the rest of a frame is waited for; what stands
// whole in the reader's buffer while its handler waits does not count.
func (c *Conn) noteFrame() {
	switch midFrame, begun := c.reader.Begun(), c.begun.Load() != 0; {
	case midFrame && !begun:
		c.begun.Store(time.Now().UnixNano())
	case !midFrame && begun:
		c.begun.Store(0)
	}
}

// FrameFor is for how long the rest of a frame has been waited for, 0 where none
// is.
func (c *Conn) FrameFor() time.Duration {
	if begun := c.begun.Load(); begun != 0 {
		return time.Duration(time.Now().UnixNano() - begun)
	}
	return 0
}

func (c *Conn) touch() { c.active.Store(time.Now().UnixNano()) }

// Serve reads frames until the connection ends and gives each to handle with
// the bytes that stood before it; both are borrowed until handle returns. It
// returns why the connection ended: io.EOF where the peer closed it, what
// handle returned, or what Close was given.
func (c *Conn) Serve(handle func(prefix, frame []byte) error) error {
	err := c.serve(handle)
	c.Close(err)
	c.writer.Wait()
	return c.reason(err)
}

func (c *Conn) serve(handle func(prefix, frame []byte) error) error {
	for {
		prefix, frame, err := c.reader.Next()
		if err != nil {
			return err
		}
		if c.begun.Load() != 0 {
			c.begun.Store(0)
		}
		if err := handle(prefix, frame); err != nil {
			return err
		}
	}
}

func (c *Conn) reason(err error) error {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if c.out.failed != nil {
		return c.out.failed
	}
	return err
}

// SetPrefix sets how many bytes stand before each frame read from now on; only
// the handler may call it.
func (c *Conn) SetPrefix(bytes int) { c.reader.SetPrefix(bytes) }

// Begin locks the connection's unsent bytes and lends them to append whole
// frames to; Commit must follow at once. After an error there is nothing to
// commit.
func (c *Conn) Begin() ([]byte, error) {
	dst, err := c.out.begin()
	if errors.Is(err, ErrSlowReader) {
		c.Close(err)
	}
	return dst, err
}

// Commit gives the bytes lent by Begin back, to be written soon.
func (c *Conn) Commit(dst []byte) { c.out.commit(dst) }

// Send writes frames that are whole already.
func (c *Conn) Send(frame []byte) error {
	dst, err := c.Begin()
	if err != nil {
		return err
	}
	c.Commit(append(dst, frame...))
	return nil
}

// Reply answers a request of this connection.
func (c *Conn) Reply(kind HeaderKind, opaque int32, r *Response) error {
	dst, err := c.Begin()
	if err != nil {
		return err
	}
	c.Commit(AppendResponse(dst, kind, opaque, r))
	return nil
}

// Close ends the connection; reason is what Serve and later sends return, the
// first call counts. Unsent bytes are dropped.
func (c *Conn) Close(reason error) {
	c.closeOnce.Do(func() {
		if reason == nil {
			reason = ErrClosed
		}
		c.out.close(reason)
		endInOrder(c.raw)
		c.raw.Close()
	})
}

// Flush waits until what was sent so far is written, at most until ctx ends.
func (c *Conn) Flush(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { c.Close(context.Cause(ctx)) })
	defer stop()
	c.out.drain()
}

// IdleFor is the time since something was read or written.
func (c *Conn) IdleFor() time.Duration {
	return time.Duration(time.Now().UnixNano() - c.active.Load())
}

// RemoteAddr is the peer's address; the zero AddrPort where it has none.
func (c *Conn) RemoteAddr() netip.AddrPort { return AddrPortOf(c.raw.RemoteAddr()) }

// LocalAddr is the address the peer connected to.
func (c *Conn) LocalAddr() netip.AddrPort { return AddrPortOf(c.raw.LocalAddr()) }

// AddrPortOf is a's IP and port, IPv4 in its short form; the zero AddrPort where
// a is not such an address.
func AddrPortOf(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return ap
}

// Hold blocks while the peer has left more than Limits.HoldBytes unread: who
// sends on behalf of another connection calls it before reading more from there.
func (c *Conn) Hold() error { return c.out.waitBelow(c.limits.HoldBytes) }

// BeginHeld is Begin after Hold, as one: of many that wait for the same peer,
// none finds the room taken that it was told of, so that the unsent bytes stay
// below the bound and the next frame. It waits no longer than patience, then it
// gives ErrUnread; at once where another sender has lost its patience and nothing
// was written since.
func (c *Conn) BeginHeld(patience time.Duration) ([]byte, error) {
	return c.out.beginBelow(c.limits.HoldBytes, patience)
}
