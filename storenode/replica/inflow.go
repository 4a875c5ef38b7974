package replica

import (
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"gantry/storenode/commitlog"
)

// inflow is what has come from the master and is not appended yet: the
// connection's reader puts it in, the session takes it out in whole pieces.
type inflow struct {
	filled chan struct{} // holds one: there is more, or the reader has ended
	room   chan struct{} // holds one: there is room again

	mu    sync.Mutex // guards the rest
	at    commitlog.Offset
	bytes []byte // the log's from at on
	most  int    // of bytes, at which the reader waits
	spare []byte // for what take leaves over
	err   error  // why the reader has ended
}

func newInflow(at commitlog.Offset, supplied, most int) *inflow {
	return &inflow{filled: make(chan struct{}, 1), room: make(chan struct{}, 1), at: at, bytes: make([]byte, supplied), most: most}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// put waits for room, until over is closed, and adds b.
func (f *inflow) put(b []byte, over <-chan struct{}) bool {
	for !f.hasRoom() {
		select {
		case <-f.room:
		case <-over:
			return false
		}
	}
	f.mu.Lock()
	f.bytes = append(f.bytes, b...)
	f.mu.Unlock()
	signal(f.filled)
	return true
}

func (f *inflow) hasRoom() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.bytes) < f.most
}

// end says why nothing more comes.
func (f *inflow) end(err error) {
	f.mu.Lock()
	f.err = err
	f.mu.Unlock()
	signal(f.filled)
}

// ended is why nothing more comes, nil while something may.
func (f *inflow) ended() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// take takes what cut says is whole out of the front. The slice is the caller's
// until giveBack.
func (f *inflow) take(cut func(at commitlog.Offset, b []byte) (whole, need int, err error)) (at commitlog.Offset, b []byte, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	whole, need, err := cut(f.at, f.bytes)
	if whole == 0 {
		f.most = max(f.most, need)
		signal(f.room)
		return f.at, nil, err
	}
	at, b = f.at, f.bytes[:whole]
	f.bytes, f.spare = append(f.spare[:0], f.bytes[whole:]...), nil
	f.at += commitlog.Offset(whole)
	signal(f.room)
	return at, b, nil
}

// giveBack returns what take has lent, if it is not larger than keep.
func (f *inflow) giveBack(b []byte, keep int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if cap(b) <= keep {
		f.spare = b[:0]
	}
}

// stream reads a master's frames from a connection.
type stream struct {
	conn  net.Conn
	quiet time.Duration // after which the connection is given up
	next  commitlog.Offset
	left  int // of the frame under way
	head  []byte
	heard func(masterEnd commitlog.Offset, exactly bool)
}

// readBytes is how much is read from the connection at a time.
const readBytes = 128 << 10

// run gives what comes to put, until that says no or the connection ends.
func (s *stream) run(put func([]byte) bool) error {
	buf := make([]byte, readBytes)
	for {
		if err := s.conn.SetReadDeadline(time.Now().Add(s.quiet)); err != nil {
			return err
		}
		n, err := s.conn.Read(buf)
		if err := s.decode(buf[:n], put); err != nil {
			return err
		}
		if err == io.EOF {
			return fmt.Errorf("the master has closed the connection: %w", err)
		}
		if err != nil {
			return fmt.Errorf("read from the master: %w", err)
		}
	}
}

// decode takes b apart.
func (s *stream) decode(b []byte, put func([]byte) bool) error {
	for len(b) > 0 {
		if s.left > 0 {
			n := min(s.left, len(b))
			if !put(b[:n]) {
				return net.ErrClosed
			}
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
