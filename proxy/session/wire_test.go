package session_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"gantry/remoting"
	"gantry/remoting/envelope"
	"gantry/remoting/protocol"
)

// wire notes what a node reads, over all its connections.
type wire struct {
	mu   sync.Mutex // guards read
	read []byte
}

func (w *wire) has(frame []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Contains(w.read, frame)
}

type tapped struct {
	net.Listener
	wire *wire
}

func (l *tapped) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return tappedConn{c, l.wire}, err
}

type tappedConn struct {
	net.Conn
	wire *wire
}

func (c tappedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.wire.mu.Lock()
	c.wire.read = append(c.wire.read, p[:n]...)
	c.wire.mu.Unlock()
	return n, err
}

// puppet is a storage node that does only what it is told: it takes handshakes
// and notes what comes.
type puppet struct {
	t        *testing.T
	listener net.Listener
	links    map[envelope.Class]net.Conn

	mu   sync.Mutex // guards came
	came []string
}

func (w *world) puppet(name string) *puppet {
	p := &puppet{t: w.t, listener: w.listen(name, false), links: map[envelope.Class]net.Conn{}}
	w.t.Cleanup(p.stop)
	for range envelope.Classes {
		raw, err := p.listener.Accept()
		if err != nil {
			w.t.Fatal(err)
		}
		p.take(raw)
	}
	synctest.Wait()
	return p
}

func (p *puppet) take(raw net.Conn) {
	reader := remoting.NewFrameReader(raw, 16<<20)
	_, frame, err := reader.Next()
	if err != nil {
		p.t.Fatal(err)
	}
	c := decode(p.t, frame)
	var h envelope.Handshake
	if err := h.Decode(c.Ext); err != nil {
		p.t.Fatal(err)
	}
	p.links[h.Class] = raw
	reader.SetPrefix(envelope.Size)
	raw.Write(remoting.AppendResponse(nil, c.Kind, c.Opaque, &remoting.Response{}))
	go p.note(h.Class, reader)
}

// note describes each frame as "class kind session flags [code body]".
func (p *puppet) note(class envelope.Class, reader *remoting.FrameReader) {
	for {
		prefix, frame, err := reader.Next()
		if err != nil {
			return
		}
		e, _ := envelope.Decode(prefix)
		text := fmt.Sprintf("%s %s %d", class, e.Kind, e.Session)
		if e.Flags != 0 {
			text += fmt.Sprintf(" flags %d", e.Flags)
		}
		if c := decode(p.t, frame); e.Kind == envelope.Request {
			text += fmt.Sprintf(" %d %s", c.Code, c.Body)
		}
		p.mu.Lock()
		p.came = append(p.came, text)
		p.mu.Unlock()
	}
}

// seen takes what has come, one line each.
func (p *puppet) seen() string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	all := strings.Join(p.came, "\n")
	p.came = nil
	return all
}

// say sends an envelope with an empty frame.
func (p *puppet) say(class envelope.Class, e envelope.Envelope) {
	p.links[class].Write(remoting.AppendRequest(e.Append(nil), 0, &remoting.Request{Code: envelope.CodeSignal, Oneway: true}))
	synctest.Wait()
}

func (p *puppet) stop() {
	p.listener.Close()
	for _, c := range p.links {
		c.Close()
	}
}

func lines(all ...string) string { return strings.Join(all, "\n") }

func TestNothingGoesOutBeforeTheAnnouncementIsAcknowledged(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := w.puppet("node")
		w.want("joining", p.seen(), "control end 0")
		p.say(envelope.Control, envelope.Envelope{Kind: envelope.End})
		c := w.client()
		c.ask(protocol.SendMessage, "m")
		c.ask(protocol.PullMessage, "p")
		w.want("before the acknowledgement", p.seen(), "control open 1")
		p.say(envelope.Control, envelope.Envelope{Session: 1, Kind: envelope.Opened})
		got := p.seen()
		if !strings.Contains(got, "sends request 1 10 m") || !strings.Contains(got, "pulls request 1 11 p") {
			t.Errorf("after the acknowledgement: %s", got)
		}
	})
}

func TestANodeThatIsBackHearsSessionsThenEndThenTheRest(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.start("node")
		a, b := w.client(), w.client()
		a.ask(protocol.HeartBeat, "old")
		a.ask(protocol.HeartBeat, "a's")
		a.ask(protocol.UnregisterClient, "a's other group")
		b.ask(protocol.HeartBeat, "b's")
		w.want("a's answers", a.bodies(), "old a's a's other group")
		w.want("b's answers", b.bodies(), "b's")
		first.stop()
		synctest.Wait()
		b.ask(protocol.SendMessage, "m")
		p := w.puppet("node")
		announced := lines("control open 1", "control request 1 flags 2 34 a's", "control request 1 flags 2 35 a's other group",
			"control open 2", "control request 2 flags 2 34 b's", "control end 0")
		w.want("on joining again", p.seen(), announced)
		p.say(envelope.Control, envelope.Envelope{Session: 1, Kind: envelope.Opened})
		p.say(envelope.Control, envelope.Envelope{Session: 2, Kind: envelope.Opened})
		w.want("before END is answered", p.seen(), "")
		p.say(envelope.Control, envelope.Envelope{Kind: envelope.End})
		w.want("after it", p.seen(), "sends request 2 10 m")
	})
}

func TestASessionWhoseClientLeftBeforeItsAcknowledgementIsClosedAtTheNode(t *testing.T) {
	closes := []string{"control close 1", "sends close 1", "pulls close 1"}
	for name, joined := range map[string]bool{"announced to a joined node": true, "announced while joining": false} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				var c *client
				if !joined {
					c = w.client()
				}
				w.pass(time500)
				p := w.puppet("node")
				if joined {
					p.say(envelope.Control, envelope.Envelope{Kind: envelope.End})
					c = w.client()
				}
				p.seen()
				c.raw.Close()
				synctest.Wait()
				p.say(envelope.Control, envelope.Envelope{Session: 1, Kind: envelope.Opened})
				if !joined {
					p.say(envelope.Control, envelope.Envelope{Kind: envelope.End})
				}
				got := p.seen()
				for _, want := range closes {
					if strings.Count(got, want) != 1 {
						t.Errorf("%q came %d times in:\n%s", want, strings.Count(got, want), got)
					}
				}
			})
		})
	}
}

func TestARequestThatMayHaveBeenCarriedOutIsMarkedWhenItIsRepeated(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.start("node", protocol.PullMessage)
		c := w.client()
		c.ask(protocol.PullMessage, "held")
		w.want("came", first.bodies(protocol.PullMessage), "held")
		first.stop()
		synctest.Wait()
		c.ask(protocol.PullMessage, "new")
		p := w.puppet("node")
		p.seen()
		p.say(envelope.Control, envelope.Envelope{Kind: envelope.End})
		w.want("after the loss", p.seen(), lines("pulls request 1 flags 1 11 held", "pulls request 1 11 new"))
	})
}

func TestANodeThatSaysWhatIsNotForAProxyLosesItsConnections(t *testing.T) {
	for _, kind := range []envelope.Kind{0, envelope.Open, envelope.Close, envelope.Request, envelope.Answer, envelope.Beat, 77} {
		t.Run(kind.String(), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				p := w.puppet("node")
				p.say(envelope.Control, envelope.Envelope{Kind: envelope.End})
				if !w.up.Joined() {
					t.Fatal("not joined")
				}
				p.say(envelope.Sends, envelope.Envelope{Session: 99, Kind: kind})
				if w.up.Joined() {
					t.Error("the connections live on")
				}
			})
		})
	}
}

func TestANodeMayRepeatItself(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := w.puppet("node")
		for range 5 {
			p.say(envelope.Control, envelope.Envelope{Kind: envelope.End})
		}
		w.client()
		for range 3 {
			p.say(envelope.Control, envelope.Envelope{Session: 1, Kind: envelope.Opened})
			p.say(envelope.Control, envelope.Envelope{Session: 1, RequestID: 5, Kind: envelope.Reply})
		}
		if !w.up.Joined() {
			t.Error("the connections ended")
		}
	})
}

func TestAJoiningThatIsNeverAcknowledgedIsGivenUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := w.puppet("node")
		w.pass(6 * time1000)
		if got := w.log.count("announcing sessions"); got != 1 {
			t.Errorf("%d log lines say so:\n%s", got, &w.log)
		}
		p.stop()
		w.start("node")
		w.pass(time1000)
		if !w.up.Joined() {
			t.Error("a node that answers was not joined")
		}
	})
}

func TestABadHandshakeDialIsEnded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		silent := w.listen("node", false)
		accepted := make(chan net.Conn, 64)
		go func() {
			for {
				c, err := silent.Accept()
				if err != nil {
					return
				}
				accepted <- c
			}
		}()
		w.pass(6 * time1000)
		if len(accepted) != 6 { // three were given up after 5 s
			t.Errorf("%d connections in 6 s", len(accepted))
		}
		if _, err := w.network.Dial(context.Background(), "node"); err != nil {
			t.Fatal(err)
		}
	})
}
