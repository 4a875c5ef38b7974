package replica

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"gantry/storenode/commitlog"
)

// inflow is what has come from the master and is not appended yet.
type inflow struct {
	at    commitlog.Offset
	bytes []byte // the log's from at on
	spare []byte // for what take leaves over
}

func (f *inflow) put(b []byte) { f.bytes = append(f.bytes, b...) }

// take takes what cut says is whole out of the front. The slice is the caller's
// until giveBack.
func (f *inflow) take(cut func(at commitlog.Offset, b []byte) (whole int, err error)) (at commitlog.Offset, b []byte, err error) {
	whole, err := cut(f.at, f.bytes)
	if whole == 0 {
		return f.at, nil, err
	}
	at, b = f.at, f.bytes[:whole]
	f.bytes, f.spare = append(f.spare[:0], f.bytes[whole:]...), nil
	f.at += commitlog.Offset(whole)
	return at, b, nil
}

// giveBack returns what take has lent, if it is not larger than keep.
func (f *inflow) giveBack(b []byte, keep int) {
	if cap(b) <= keep {
		f.spare = b[:0]
	}
}

// stream reads a master's frames from a connection.
type stream struct {
	conn  net.Conn
	quiet time.Duration // after which the connection is given up
	came  time.Time     // when something last came
	buf   []byte        // of a read
	next  commitlog.Offset
	left  int // of the frame under way
	head  []byte
	heard func(masterEnd commitlog.Offset, exactly bool)
}

// read gives put the log's bytes of what comes next; more is false where until has
// come before anything did. Errors: why nothing more will come.
func (s *stream) read(until time.Time, put func([]byte)) (more bool, err error) {
	silent := s.came.Add(s.quiet)
	if silent.Before(until) {
		until = silent
	}
	if err := s.conn.SetReadDeadline(until); err != nil {
		return false, err
	}
	n, err := s.conn.Read(s.buf)
	switch {
	case n > 0: // the connection's end is met again
		s.came = time.Now()
		return true, s.decode(s.buf[:n], put)
	case err == io.EOF:
		return false, fmt.Errorf("the master has closed the connection: %w", err)
	case errors.Is(err, os.ErrDeadlineExceeded) && time.Now().Before(silent):
		return false, nil
	}
	return false, fmt.Errorf("read from the master: %w", err)
}

// decode takes b apart.
func (s *stream) decode(b []byte, put func([]byte)) error {
	for len(b) > 0 {
		if s.left > 0 {
			n := min(s.left, len(b))
			put(b[:n])
			b, s.left, s.next = b[n:], s.left-n, s.next+commitlog.Offset(n)
			continue
		}
		n := min(headBytes-len(s.head), len(b))
		s.head, b = append(s.head, b[:n]...), b[n:]
		if len(s.head) == headBytes {
			if err := s.begin(); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin takes a frame's head.
func (s *stream) begin() error {
	h, err := decodeHead(s.head)
	if err != nil {
		return err
	}
	if h.offset != s.next {
		return fmt.Errorf("the master sends its log from %d on, the slave needs it from %d on", h.offset, s.next)
	}
	s.head, s.left = s.head[:0], h.size
	s.heard(h.offset+commitlog.Offset(h.size), h.size == 0)
	return nil
}
