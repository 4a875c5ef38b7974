package storenode

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/envelope"
	"gantry/remoting/protocol"
)

// proxyLinks are the connections of a proxy: one of each class.
type proxyLinks struct {
	t     *testing.T
	links map[envelope.Class]net.Conn

	mu       sync.Mutex // guards all below
	answered []reply
	last     *remoting.Command // of them
}

// reply is what the node sent to a session.
type reply struct {
	class    envelope.Class
	envelope envelope.Envelope
	code     int32
}

// dialProxy is the next joining of the one proxy.
func (s *scene) dialProxy() *proxyLinks { return s.dialProxyAs("p") }

// dialProxyAs is the next joining of one of several.
func (s *scene) dialProxyAs(id string) *proxyLinks {
	s.t.Helper()
	s.joinings++
	p := &proxyLinks{t: s.t, links: map[envelope.Class]net.Conn{}}
	for _, class := range envelope.Classes {
		raw, err := s.network.Dial(context.Background(), "node")
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { raw.Close() })
		p.links[class] = raw
		raw.Write(remoting.AppendRequest(nil, 1, &remoting.Request{Code: envelope.CodeHandshake,
			Header: envelope.Handshake{ProxyID: id, LinkGroup: id, Joining: s.joinings, Class: class, GatewayAddr: s.advertised}}))
		go p.read(class, raw)
	}
	synctest.Wait()
	return p
}

// read notes all but the handshake's answer.
func (p *proxyLinks) read(class envelope.Class, raw net.Conn) {
	reader := remoting.NewFrameReader(raw, 1<<20)
	var decoder remoting.Decoder
	for first := true; ; first = false {
		prefix, frame, err := reader.Next()
		if err != nil {
			return
		}
		if first {
			reader.SetPrefix(envelope.Size)
			continue
		}
		var c remoting.Command
		e, err := envelope.Decode(prefix)
		if err != nil || decoder.Decode(frame, &c) != nil {
			p.t.Errorf("a frame that cannot be read came on %s: %v", class, err)
			return
		}
		p.mu.Lock()
		p.answered = append(p.answered, reply{class, e, c.Code})
		p.last = c.Clone()
		p.mu.Unlock()
	}
}

func (p *proxyLinks) say(class envelope.Class, e envelope.Envelope, r *remoting.Request) {
	p.links[class].Write(remoting.AppendRequest(e.Append(nil), 7, r))
	synctest.Wait()
}

// open announces a session of a client at a remote address.
func (p *proxyLinks) open(session uint64, remote string) {
	h := envelope.OpenSession{Remote: netip.MustParseAddrPort(remote), Local: netip.MustParseAddrPort("10.0.0.1:10911")}
	p.say(envelope.Control, envelope.Envelope{Session: session, RequestID: 1, Kind: envelope.Open}, &remoting.Request{Code: envelope.CodeOpenSession, Header: h})
}

func (p *proxyLinks) ask(session uint64, class envelope.Class, code int32, h remoting.Header, body []byte) {
	p.say(class, envelope.Envelope{Session: session, RequestID: 5, Kind: envelope.Request}, &remoting.Request{Code: code, Header: h, Body: body})
}

// announced says that every session has been.
func (p *proxyLinks) announced() {
	p.say(envelope.Control, envelope.Envelope{Kind: envelope.End}, &remoting.Request{Code: envelope.CodeSignal, Oneway: true})
}

func (p *proxyLinks) close(session uint64, class envelope.Class) {
	p.say(class, envelope.Envelope{Session: session, Kind: envelope.Close}, &remoting.Request{Code: envelope.CodeSignal, Oneway: true})
}

// take is what came since the last call.
func (p *proxyLinks) take() []reply {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.answered
	p.answered = nil
	return all
}

func TestASessionIsAClientOfItsOwn(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dialProxy()
		p.open(1, "10.7.7.7:4711")
		p.open(2, "10.8.8.8:4711")
		p.take()
		p.ask(1, envelope.Sends, protocol.SendMessageV2, to("T"), []byte("m"))
		settle()
		p.ask(2, envelope.Pulls, protocol.PullMessage, from("T", 0, 0), nil)
		want := []reply{
			{envelope.Sends, envelope.Envelope{Session: 1, RequestID: 5, Kind: envelope.Reply}, protocol.Success},
			{envelope.Pulls, envelope.Envelope{Session: 2, RequestID: 5, Kind: envelope.Reply}, protocol.Success},
		}
		if got := p.take(); !slices.Equal(got, want) {
			t.Errorf("answered %+v, want %+v", got, want)
		}
		equal(t, "born host", s.dial().one("T", 0).BornHost, netip.MustParseAddrPort("10.7.7.7:4711"))
	})
}

func TestASessionsEndIsTheClientsEnd(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.allKnown()
		p, other := s.dialProxy(), s.dial()
		other.send(to("T"), "m")
		other.beat("other", "T")
		p.open(1, "10.7.7.7:4711")
		p.ask(1, envelope.Control, protocol.HeartBeat, nil, heartbeat("c", "group", protocol.Clustering, "T"))
		other.noticed()
		noticed := false
		for _, r := range p.take() {
			noticed = noticed || r == reply{envelope.Control, envelope.Envelope{Session: 1, Kind: envelope.Ask}, protocol.NotifyConsumerIdsChanged}
		}
		equal(t, "the session is told of its group", noticed, true)
		equal(t, "members", other.members(), "[c other]")
		p.ask(1, envelope.Pulls, protocol.PullMessage, held("T", 0, 1), nil)
		equal(t, "held", s.node.held.Len(), 1)
		p.close(1, envelope.Control)
		equal(t, "held", s.node.held.Len(), 0)
		equal(t, "members", other.members(), "[other]")
		equal(t, "other", other.noticed(), "40 group")
		p.ask(1, envelope.Pulls, protocol.PullMessage, held("T", 0, 1), nil) // was on its way
		equal(t, "held for nobody", s.node.held.Len(), 0)
	})
}

func TestAProxysDeathLeavesNoMember(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dialProxy()
		for session, client := range map[uint64]string{1: "a", 2: "b"} {
			p.open(session, "10.7.7.7:4711")
			p.ask(session, envelope.Control, protocol.HeartBeat, nil, heartbeat(client, "group", protocol.Clustering, "T"))
		}
		equal(t, "members", len(s.node.members.Consumers("group")), 2)
		p.links[envelope.Pulls].Close()
		synctest.Wait()
		equal(t, "members", len(s.node.members.Consumers("group")), 0)
	})
}

func TestAHeldPullOfASessionIsAnsweredOnItsConnection(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p, other := s.dialProxy(), s.dial()
		other.send(to("T"), "m")
		p.open(1, "10.7.7.7:4711")
		p.take()
		p.ask(1, envelope.Pulls, protocol.PullMessage, held("T", 0, 1), nil)
		time.Sleep(time.Second)
		equal(t, "answers", len(p.take()), 0)
		other.send(to("T"), "m")
		got := p.take()
		if len(got) != 1 || got[0] != (reply{envelope.Pulls, envelope.Envelope{Session: 1, RequestID: 5, Kind: envelope.Reply}, protocol.Success}) {
			t.Errorf("answered %+v", got)
		}
	})
}
