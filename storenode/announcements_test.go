package storenode

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"gantry/membership/nameserver"
	"gantry/remoting"
	"gantry/remoting/protocol"
)

// slowListener is a name server's whose answers take their time.
type slowListener struct {
	net.Listener
	delay *atomic.Int64 // ns
}

func (l slowListener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	return slowConn{raw, l.delay}, err
}

type slowConn struct {
	net.Conn
	delay *atomic.Int64
}

func (c slowConn) Write(b []byte) (int, error) {
	time.Sleep(time.Duration(c.delay.Load()))
	return c.Conn.Write(b)
}

// withSlowNameServer tells a test about a node that is registered; answers to what it registers from now on take delay.
func withSlowNameServer(t *testing.T, delay time.Duration, tell func(s *scene)) {
	t.Helper()
	withNode(t, func(c *Config) { c.NamesrvAddr = "ns" }, func(s *scene) {
		l, err := s.network.Listen("ns")
		if err != nil {
			t.Fatal(err)
		}
		var now atomic.Int64
		log := slog.New(slog.DiscardHandler)
		ns := nameserver.New(log, nameserver.Config{Dial: s.network.Dial})
		server := remoting.NewServer(log, remoting.Limits{}, 0)
		server.Serve(slowListener{l, &now}, ns.Open)
		s.catchUp()
		now.Store(int64(delay))
		tell(s)
		now.Store(0)
		s.close()
		server.Close(context.Background())
		ns.Close()
	})
}

func (p *peer) sendTakes(topic string) time.Duration {
	p.s.t.Helper()
	begin := time.Now()
	p.send(to(topic), "m")
	return time.Since(begin)
}

func TestASendThatMakesItsTopicIsAnsweredWhenNameServersKnowIt(t *testing.T) {
	withSlowNameServer(t, 300*time.Millisecond, func(s *scene) {
		p := s.dial()
		if took := p.sendTakes("New"); took < 300*time.Millisecond || took >= announceInSendBound {
			t.Errorf("answered after %v, a name server's answer takes 300ms", took)
		}
		if took := p.sendTakes("New"); took > 100*time.Millisecond {
			t.Errorf("the next send waits for %v", took)
		}
	})
}

// The sends in between are encoded in the buffer that the first one had.
func TestAnAnswerThatWaitsForNameServersIsAboutItsOwnMessage(t *testing.T) {
	withSlowNameServer(t, 300*time.Millisecond, func(s *scene) {
		first := s.dial().later(protocol.SendMessageV2, transactional("New", "first"), []byte("m"))
		other := s.dial()
		for range 4 {
			other.half("New", "later")
		}
		answer, _ := first()
		var h protocol.SendMessageResponse
		if err := h.Decode(answer.Ext); err != nil {
			t.Fatal(err)
		}
		equal(t, "transaction id", string(h.TransactionID), "first")
	})
}

func TestASendDoesNotWaitForANameServerThatIsStuck(t *testing.T) {
	withSlowNameServer(t, 10*time.Second, func(s *scene) {
		if took := s.dial().sendTakes("New"); took < announceInSendBound || took > announceInSendBound+100*time.Millisecond {
			t.Errorf("answered after %v", took)
		}
	})
}
