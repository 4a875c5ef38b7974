package session

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"gantry/remoting"
	"gantry/remoting/envelope"
	"gantry/remoting/memnet"
)

// peers is a node's side with everything that happened noted.
type peers struct {
	t       *testing.T
	network memnet.Network
	conns   *remoting.Server
	lines   lines

	mu   sync.Mutex // guards all below
	log  []string   // "code body" of requests, "closed" of channels
	last remoting.Responder
}

func withPeers(t *testing.T, config Config, tell func(t *testing.T, p *peers)) {
	synctest.Test(t, func(t *testing.T) { tell(t, servePeers(t, config)) })
}

func servePeers(t *testing.T, config Config) *peers {
	p := &peers{t: t}
	config.Log = p.lines.logger()
	if config.Handle == nil {
		config.Handle = func(c *remoting.Command, to remoting.Responder) {
			p.note(fmt.Sprintf("%d %s", c.Code, c.Body), to)
			to.Reply(&remoting.Response{Body: c.Body})
		}
	}
	config.Closed = func(*remoting.Channel) { p.note("closed", remoting.Responder{}) }
	p.conns = remoting.NewServer(config.Log, remoting.Limits{}, 0)
	l, err := p.network.Listen("node")
	if err != nil {
		t.Fatal(err)
	}
	p.conns.Serve(&addressed{Listener: l}, New(config).Open)
	t.Cleanup(func() { p.conns.Close(context.Background()) })
	return p
}

// addressed gives each connection that it accepts the address 10.0.0.N:4711, or
// that of the one before.
type addressed struct {
	net.Listener
	last byte
}

func (a *addressed) Accept() (net.Conn, error) {
	c, err := a.Listener.Accept()
	a.last++
	return addressedConn{c, net.IPv4(10, 0, 0, a.last)}, err
}

type addressedConn struct {
	net.Conn
	ip net.IP
}

func (c addressedConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: c.ip, Port: 4711} }

// lines are what was logged.
type lines struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// with takes the lines logged so far, and returns those with a word.
func (l *lines) with(word string) (found []string) {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, word) {
			found = append(found, line)
		}
	}
	l.text.Reset()
	return found
}

func (p *peers) note(what string, to remoting.Responder) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, what)
	p.last = to
}

// happened takes what was noted.
func (p *peers) happened() string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	log := fmt.Sprint(p.log)
	p.log = nil
	return log
}

func (p *peers) want(what, want string) {
	p.t.Helper()
	if got := p.happened(); got != want {
		p.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// peer is a connection that says what it is told to.
type peer struct {
	raw net.Conn

	mu    sync.Mutex // guards all below
	got   bytes.Buffer
	ended bool
}

func (p *peers) dial() *peer {
	p.t.Helper()
	raw, err := p.network.Dial(context.Background(), "node")
	if err != nil {
		p.t.Fatal(err)
	}
	c := &peer{raw: raw}
	go c.read()
	p.t.Cleanup(func() { raw.Close() })
	return c
}

func (c *peer) read() {
	buf := make([]byte, 4096)
	for {
		n, err := c.raw.Read(buf)
		c.mu.Lock()
		c.got.Write(buf[:n])
		c.ended = err != nil
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (c *peer) alive() bool {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.ended
}

// taken is how many bytes have come since the last call.
func (c *peer) taken() []byte {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	got := bytes.Clone(c.got.Bytes())
	c.got.Reset()
	return got
}

func handshake(group string, class envelope.Class) []byte {
	return remoting.AppendRequest(nil, 1, &remoting.Request{Code: envelope.CodeHandshake,
		Header: envelope.Handshake{ProxyID: "p", LinkGroup: group, Class: class}})
}

// joined are the three connections of a proxy.
func (p *peers) joined(group string) map[envelope.Class]*peer { return p.joinedAs(group, 0) }

// joinedAs are those of one of its joinings.
func (p *peers) joinedAs(group string, joining int64) map[envelope.Class]*peer {
	links := map[envelope.Class]*peer{}
	for _, class := range envelope.Classes {
		links[class] = p.dial()
		links[class].raw.Write(remoting.AppendRequest(nil, 1, &remoting.Request{Code: envelope.CodeHandshake,
			Header: envelope.Handshake{ProxyID: "p", LinkGroup: group, Joining: joining, Class: class}}))
		links[class].taken()
	}
	return links
}

func (c *peer) say(e envelope.Envelope, r *remoting.Request) {
	c.raw.Write(remoting.AppendRequest(e.Append(nil), 7, r))
	synctest.Wait()
}

func (c *peer) request(session uint64, body string) {
	c.say(envelope.Envelope{Session: session, RequestID: 5, Kind: envelope.Request}, &remoting.Request{Code: 10, Body: []byte(body)})
}

func (c *peer) signal(session uint64, kind envelope.Kind) {
	c.say(envelope.Envelope{Session: session, Kind: kind}, &remoting.Request{Code: envelope.CodeSignal, Oneway: true})
}

func (c *peer) open(session uint64) {
	c.say(envelope.Envelope{Session: session, Kind: envelope.Open}, &remoting.Request{Code: envelope.CodeOpenSession, Oneway: true})
}

func TestAnEnvelopeWithoutHandshakeIsABadFrameOfThatConnection(t *testing.T) {
	withPeers(t, Config{}, func(t *testing.T, p *peers) {
		forger, other := p.dial(), p.dial()
		forger.request(1, "forged")
		if forger.alive() {
			t.Error("the forger is still connected")
		}
		if told := p.lines.with("connection closed"); len(told) != 1 || !strings.Contains(told[0], "10.0.0.1:4711") || !strings.Contains(told[0], "bad frame") {
			t.Errorf("logged %q", told)
		}
		other.raw.Write(remoting.AppendRequest(nil, 1, &remoting.Request{Code: 10, Body: []byte("own")}))
		p.want("in all", "[closed 10 own]")
	})
}

func TestAnUnfitHandshakeEndsItsConnection(t *testing.T) {
	own := remoting.AppendRequest(nil, 1, &remoting.Request{Code: 10, Body: []byte("own")})
	for name, say := range map[string][]byte{
		"of an unknown class":        handshake("g", "gossip"),
		"of a class that is there":   handshake("taken", envelope.Sends),
		"without a proxy":            remoting.AppendRequest(nil, 1, &remoting.Request{Code: envelope.CodeHandshake}),
		"after requests of its own":  append(bytes.Clone(own), handshake("g", envelope.Sends)...),
		"whose header is no header":  []byte("\x00\x00\x00\x06\x00\x00\x00\x02{]"),
		"whose length is impossible": []byte("\xff\xff\xff\xff"),
	} {
		t.Run(name, func(t *testing.T) {
			withPeers(t, Config{}, func(t *testing.T, p *peers) {
				there := p.joined("taken")
				c := p.dial()
				c.raw.Write(say)
				if c.alive() {
					t.Error("still connected")
				}
				for class, l := range there {
					if !l.alive() {
						t.Errorf("the %s connection of another proxy ended", class)
					}
				}
			})
		})
	}
}

func TestWhatIsNotForANodeEndsTheProxysConnections(t *testing.T) {
	for _, kind := range []envelope.Kind{0, envelope.Opened, envelope.Reply, envelope.Ask, 77} {
		t.Run(kind.String(), func(t *testing.T) {
			withPeers(t, Config{}, func(t *testing.T, p *peers) {
				bad, good := p.joined("bad"), p.joined("good")
				bad[envelope.Control].open(1)
				good[envelope.Control].open(1)
				bad[envelope.Sends].signal(1, kind)
				for class := range bad {
					if bad[class].alive() || !good[class].alive() {
						t.Errorf("%s: of the bad proxy alive %v, of the good one %v", class, bad[class].alive(), good[class].alive())
					}
				}
				p.want("in all", "[closed]")
			})
		})
	}
}

func TestRequestsOfUnknownSessionsAreDropped(t *testing.T) {
	withPeers(t, Config{}, func(t *testing.T, p *peers) {
		links := p.joined("g")
		links[envelope.Sends].request(1, "nobody's")
		links[envelope.Control].signal(1, envelope.Close)
		p.want("of an unknown session", "[]")
		if !links[envelope.Sends].alive() || len(links[envelope.Sends].taken()) != 0 {
			t.Error("it was answered, or the connection ended")
		}
	})
}

func TestASessionAnnouncedTwiceIsOne(t *testing.T) {
	withPeers(t, Config{}, func(t *testing.T, p *peers) {
		links := p.joined("g")
		links[envelope.Control].open(1)
		links[envelope.Sends].request(1, "a")
		first := p.last.Channel
		links[envelope.Control].open(1)
		links[envelope.Pulls].request(1, "b")
		if p.last.Channel != first {
			t.Error("the second announcement made another channel")
		}
		p.want("requests", "[10 a 10 b]")
	})
}

func TestASessionEndsWithItsControlConnectionsCloseAndIsForgottenWithTheLast(t *testing.T) {
	withPeers(t, Config{}, func(t *testing.T, p *peers) {
		links := p.joined("g")
		links[envelope.Control].open(1)
		links[envelope.Sends].signal(1, envelope.Close)
		links[envelope.Sends].signal(1, envelope.Close) // twice is once
		links[envelope.Control].request(1, "heartbeat")
		p.want("before the control connection's", "[10 heartbeat]")
		links[envelope.Control].signal(1, envelope.Close)
		p.want("with it", "[closed]")
		links[envelope.Pulls].request(1, "still carried out")
		links[envelope.Pulls].signal(1, envelope.Close)
		links[envelope.Pulls].request(1, "dropped")
		p.want("before and after the last", "[10 still carried out]")
		links[envelope.Pulls].raw.Close()
		p.want("with the connections", "[]")
	})
}

func TestSessionsDieWithTheFirstConnectionAndTheNextJoiningIsAnother(t *testing.T) {
	withPeers(t, Config{}, func(t *testing.T, p *peers) {
		links := p.joined("g")
		for id := range uint64(3) {
			links[envelope.Control].open(id)
		}
		links[envelope.Pulls].raw.Close()
		p.want("with one connection", "[closed closed closed]")
		for class, l := range links {
			if class != envelope.Pulls && l.alive() {
				t.Errorf("the %s connection lives on", class)
			}
		}
		links = p.joined("g")
		links[envelope.Sends].request(1, "of a session before")
		links[envelope.Control].open(1)
		links[envelope.Sends].request(1, "new")
		p.want("then", "[10 new]")
	})
}

func TestAnnouncementsAreBounded(t *testing.T) {
	withPeers(t, Config{Sessions: 2}, func(t *testing.T, p *peers) {
		links := p.joined("g")
		links[envelope.Control].open(1)
		links[envelope.Control].open(2)
		if !links[envelope.Control].alive() {
			t.Fatal("two sessions were too many")
		}
		links[envelope.Control].open(3)
		if links[envelope.Control].alive() {
			t.Error("three were not")
		}
	})
}

func TestNoSessionOnHalfAProxysConnections(t *testing.T) {
	withPeers(t, Config{}, func(t *testing.T, p *peers) {
		c := p.dial()
		c.raw.Write(handshake("g", envelope.Control))
		c.open(1)
		if c.alive() {
			t.Error("it was opened")
		}
	})
}

func TestRequestsOfOneSessionAreBounded(t *testing.T) {
	withPeers(t, Config{InFlight: 1}, func(t *testing.T, p *peers) {
		links := p.joined("g")
		links[envelope.Control].open(1)
		links[envelope.Sends].request(1, "a")
		p.last.Channel.Admit() // as if one were under way
		links[envelope.Sends].taken()
		links[envelope.Sends].request(1, "b")
		if !bytes.Contains(links[envelope.Sends].taken(), []byte("system busy")) {
			t.Error("more than the bound was taken")
		}
		p.want("requests", "[10 a]")
	})
}

func TestARepeatedHeartbeatIsNotAnswered(t *testing.T) {
	withPeers(t, Config{}, func(t *testing.T, p *peers) {
		links := p.joined("g")
		links[envelope.Control].open(1)
		links[envelope.Control].taken()
		links[envelope.Control].say(envelope.Envelope{Session: 1, Kind: envelope.Request, Flags: envelope.Replay}, &remoting.Request{Code: 34})
		if got := links[envelope.Control].taken(); len(got) != 0 {
			t.Errorf("answered %q", got)
		}
		p.want("but", "[34 ]")
	})
}
