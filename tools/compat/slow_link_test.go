package compat

import (
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

const (
	linkPiece   = 1448                   // bytes of a packet, of which one in a hundred is lost
	linkRepeats = 200 * time.Millisecond // after which a lost one is sent again, and all behind it come
	linkPieces  = 4096                   // under way at once, each way
)

// startSlowLink carries bytes to address and back as a long cable does that loses packets: what TCP makes of it, late and in order. It
// returns where to dial instead, an address of every host; it ends with the test.
func startSlowLink(t *testing.T, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(outsideOf(t, address), "0"))
	must(t, err)
	link := slowLink{to: address, quit: make(chan struct{})}
	link.running.Go(func() { link.accept(l) })
	t.Cleanup(func() {
		close(link.quit)
		l.Close()
		link.running.Wait()
	})
	return l.Addr().String()
}

// outsideOf is where the test itself stands in the network of an address.
func outsideOf(t *testing.T, address string) string {
	t.Helper()
	probe, err := net.Dial("udp", address)
	must(t, err)
	defer probe.Close()
	return probe.LocalAddr().(*net.UDPAddr).IP.String()
}

type slowLink struct {
	to      string
	quit    chan struct{}
	running sync.WaitGroup
}

func (s *slowLink) accept(l net.Listener) {
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
func (s *slowLink) carry(from, to net.Conn) {
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

func (s *slowLink) read(from net.Conn, pieces chan<- piece) {
	last := time.Now()
	for {
		b := make([]byte, linkPiece)
		n, err := from.Read(b)
		if n > 0 {
			at := time.Now().Add(linkDelay)
			if rand.IntN(100) == 0 {
				at = at.Add(linkRepeats)
			}
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

// until waits for a moment; false when the test ends before.
func (s *slowLink) until(moment time.Time) bool {
	select {
	case <-time.After(time.Until(moment)):
		return true
	case <-s.quit:
		return false
	}
}
