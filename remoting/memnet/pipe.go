package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// bufferBytes is how much one direction holds before its writer waits.
const bufferBytes = 256 << 10

// Pipe returns the two ends of a connection.
func Pipe(near, far net.Addr) (net.Conn, net.Conn) {
	a, b := newStream(), newStream()
	return &conn{in: a, out: b, local: near, remote: far}, &conn{in: b, out: a, local: far, remote: near}
}

type conn struct {
	in, out       *stream
	local, remote net.Addr
}

func (c *conn) Read(p []byte) (int, error)  { return c.in.read(p) }
func (c *conn) Write(p []byte) (int, error) { return c.out.write(p) }
func (c *conn) LocalAddr() net.Addr         { return c.local }
func (c *conn) RemoteAddr() net.Addr        { return c.remote }

func (c *conn) Close() error {
	c.in.close(net.ErrClosed)
	c.out.close(io.EOF)
	return nil
}

func (c *conn) SetDeadline(t time.Time) error {
	c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error  { c.in.reading.set(c.in, t); return nil }
func (c *conn) SetWriteDeadline(t time.Time) error { c.out.writing.set(c.out, t); return nil }

// stream is one direction.
type stream struct {
	mu               sync.Mutex // guards all below
	moved            sync.Cond  // something was read, written, closed or came due
	buf              []byte     // unread bytes are buf[start:]
	start            int
	ended            error // what the reader gets behind the last byte; nil while open
	reading, writing deadline
}

func newStream() *stream {
	s := &stream{}
	s.moved.L = &s.mu
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.buf) == s.start && s.ended == nil && !s.reading.due {
		s.moved.Wait()
	}
	switch {
	case s.ended == net.ErrClosed:
		return 0, net.ErrClosed
	case s.reading.due:
		return 0, os.ErrDeadlineExceeded
	case len(s.buf) == s.start:
		return 0, s.ended
	}
	n := copy(p, s.buf[s.start:])
	if s.start += n; s.start == len(s.buf) {
		s.buf, s.start = s.buf[:0], 0
	}
	s.moved.Broadcast()
	return n, nil
}

func (s *stream) write(p []byte) (written int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 {
		for len(s.buf)-s.start >= bufferBytes && s.ended == nil && !s.writing.due {
			s.moved.Wait()
		}
		switch {
		case s.ended == io.EOF: // by this end itself
			return written, net.ErrClosed
		case s.ended != nil:
			return written, io.ErrClosedPipe
		case s.writing.due:
			return written, os.ErrDeadlineExceeded
		}
		n := min(len(p), bufferBytes-(len(s.buf)-s.start))
		s.compact(n)
		s.buf = append(s.buf, p[:n]...)
		p, written = p[n:], written+n
		s.moved.Broadcast()
	}
	return written, nil
}

// compact moves the unread bytes to the front rather than let the buffer grow
// past its bound.
func (s *stream) compact(n int) {
	if s.start > 0 && len(s.buf)+n > cap(s.buf) {
		s.buf = s.buf[:copy(s.buf, s.buf[s.start:])]
		s.start = 0
	}
}

func (s *stream) close(ended error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil || ended == net.ErrClosed {
		s.ended = ended
	}
	s.moved.Broadcast()
}

// deadline is a time after which waiting ends; the stream's mutex guards it.
type deadline struct {
	due   bool
	timer *time.Timer
	turn  int // counts set calls: a timer of an earlier one changes nothing
}

func (d *deadline) set(s *stream, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.turn++
	turn := d.turn
	d.due = !t.IsZero() && !time.Now().Before(t)
	if !t.IsZero() && !d.due {
		d.timer = time.AfterFunc(time.Until(t), func() { d.expire(s, turn) })
	}
	s.moved.Broadcast()
}

func (d *deadline) expire(s *stream, turn int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.due = d.due || d.turn == turn
	s.moved.Broadcast()
}
