package compat

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	linkPiece   = 1448                   // bytes of a packet, of which one in a hundred is lost
	linkRepeats = 200 * time.Millisecond // after which a lost one is sent again, and all behind it come
	linkPieces  = 4096                   // under way at once, each way
	linkLook    = 20 * time.Millisecond  // between two looks whether it is cut still
)

// startSlowLink carries bytes to address and back as a long cable does that loses packets: what TCP makes of it, late and in order. It
// returns where to dial instead, an address of every host; it ends with the test.
func startSlowLink(t *testing.T, address string) string {
	t.Helper()
	link := startLink(t, address)
	link.slow.Store(true)
	return link.address
}

// startLink is startSlowLink of a cable that is as fast as any, and may become slow or be cut.
func startLink(t *testing.T, address string) *link {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(outsideOf(t, address), "0"))
	must(t, err)
	link := &link{address: l.Addr().String(), to: address, quit: make(chan struct{})}
	link.running.Go(func() { link.accept(l) })
	t.Cleanup(func() {
		close(link.quit)
		l.Close()
		link.running.Wait()
	})
	return link
}

// outsideOf is where the test itself stands in the network of an address.
func outsideOf(t *testing.T, address string) string {
	t.Helper()
	probe, err := net.Dial("udp", address)
	must(t, err)
	defer probe.Close()
	return probe.LocalAddr().(*net.UDPAddr).IP.String()
}

type link struct {
	address string      // where to dial
	slow    atomic.Bool // and lossy
	cut     atomic.Bool // nothing arrives; connections stay open

	to      string
	quit    chan struct{}
	running sync.WaitGroup
}

func (s *link) accept(l net.Listener) {
	for {
		from, err := l.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", s.to)
		if err != nil {
			from.Close()
			continue
		}
		s.running.Go(func() { s.carry(from, to) })
		s.running.Go(func() { s.carry(to, from) })
	}
}

// piece is what arrives at once.
type piece struct {
	bytes []byte
	at    time.Time
}

// carry ends with either connection, and ends both.
func (s *link) carry(from, to net.Conn) {
	pieces := make(chan piece, linkPieces)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(pieces)
		s.read(from, pieces)
	})
	for p := range pieces {
		if s.until(p.at) {
			if _, err := to.Write(p.bytes); err == nil {
				continue
			}
		}
		break
	}
	from.Close()
	to.Close()
	for range pieces {
		// the reader ends
	}
	reading.Wait()
}

func (s *link) read(from net.Conn, pieces chan<- piece) {
	last := time.Now()
	for {
		b := make([]byte, linkPiece)
		n, err := from.Read(b)
		if n > 0 {
			at := s.arrival()
			if at.Before(last) { // behind one that was lost
				at = last
			}
			last = at
			pieces <- piece{b[:n], at}
		}
		if err != nil {
			return
		}
	}
}

// arrival is when what is sent now is there.
func (s *link) arrival() time.Time {
	switch now := time.Now(); {
	case !s.slow.Load():
		return now
	case rand.IntN(100) == 0:
		return now.Add(linkDelay + linkRepeats)
	default:
		return now.Add(linkDelay)
	}
}

// until waits for a moment, and as long as the link is cut; false when the test ends before.
func (s *link) until(moment time.Time) bool {
	for {
		wait := time.Until(moment)
		if s.cut.Load() {
			wait = max(wait, linkLook)
		}
		if wait <= 0 {
			return true
		}
		select {
		case <-time.After(wait):
		case <-s.quit:
			return false
		}
	}
}
