package session

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/envelope"
)

// told is the answer that came before envelopes.
func (c *peer) told(t *testing.T) *remoting.Command {
	t.Helper()
	var d remoting.Decoder
	var answer remoting.Command
	if err := d.Decode(c.taken(), &answer); err != nil {
		t.Fatal(err)
	}
	return &answer
}

func (c *peer) ask(code int32, h remoting.Header) {
	c.raw.Write(remoting.AppendRequest(nil, 1, &remoting.Request{Code: code, Header: h}))
}

// challenged is a connection that must prove its handshake.
func (p *peers) challenged(h envelope.Handshake) (*peer, envelope.Challenge) {
	p.t.Helper()
	c := p.dial()
	c.ask(envelope.CodeHandshake, h)
	var challenge envelope.Challenge
	if err := challenge.Decode(c.told(p.t).Ext); err != nil || challenge.Nonce == "" {
		p.t.Fatalf("challenge %+v, %v", challenge, err)
	}
	return c, challenge
}

func TestAProofOfTheKeyTurnsEnvelopesOn(t *testing.T) {
	withPeers(t, Config{ClusterKey: "secret"}, func(t *testing.T, p *peers) {
		links := map[envelope.Class]*peer{}
		for _, class := range envelope.Classes {
			h := envelope.Handshake{ProxyID: "p", LinkGroup: "g", Class: class, Nonce: envelope.NewNonce()}
			c, challenge := p.challenged(h)
			c.ask(envelope.CodeProof, envelope.Proof{MAC: envelope.Prove("secret", challenge, h)})
			if answer := c.told(t); answer.Code != 0 {
				t.Fatalf("answered %d %s", answer.Code, answer.Remark)
			}
			links[class] = c
		}
		links[envelope.Control].open(1)
		links[envelope.Sends].request(1, "m")
		p.want("requests", "[10 m]")
		if told := p.lines.with("refused"); len(told) > 0 {
			t.Errorf("logged %q", told)
		}
	})
}

func TestAProofIsGoodForOneConnection(t *testing.T) {
	withPeers(t, Config{ClusterKey: "secret"}, func(t *testing.T, p *peers) {
		h := envelope.Handshake{ProxyID: "p", LinkGroup: "g", Class: envelope.Sends, Nonce: envelope.NewNonce()}
		good, challenge := p.challenged(h)
		proof := envelope.Proof{MAC: envelope.Prove("secret", challenge, h)}
		good.ask(envelope.CodeProof, proof)
		good.taken()
		replayer, _ := p.challenged(h)
		replayer.ask(envelope.CodeProof, proof)
		if answer := replayer.told(t); answer.Code != 16 || !strings.Contains(answer.Remark, "does not prove this cluster's clusterKey") {
			t.Errorf("a replayed proof is answered %d %q", answer.Code, answer.Remark)
		}
		replayer.request(1, "forged")
		if replayer.alive() || !good.alive() {
			t.Errorf("alive: who replayed %v, who proved %v", replayer.alive(), good.alive())
		}
		p.want("requests", "[closed]")
	})
}

func TestWhatProvesNothingIsRefusedAndLeavesAPlainPeer(t *testing.T) {
	h := envelope.Handshake{ProxyID: "p", LinkGroup: "g", Class: envelope.Sends, Nonce: "n"}
	for name, try := range map[string]func(p *peers) *peer{
		"another key": func(p *peers) *peer {
			c, challenge := p.challenged(h)
			c.ask(envelope.CodeProof, envelope.Proof{MAC: envelope.Prove("other", challenge, h)})
			return c
		},
		"a second guess": func(p *peers) *peer {
			c, challenge := p.challenged(h)
			c.ask(envelope.CodeProof, envelope.Proof{MAC: "00"})
			c.taken()
			c.ask(envelope.CodeProof, envelope.Proof{MAC: envelope.Prove("secret", challenge, h)})
			return c
		},
		"a proof of an earlier challenge of this connection": func(p *peers) *peer {
			c, challenge := p.challenged(h)
			c.ask(envelope.CodeHandshake, h)
			c.taken()
			c.ask(envelope.CodeProof, envelope.Proof{MAC: envelope.Prove("secret", challenge, h)})
			return c
		},
		"a proof without a handshake": func(p *peers) *peer {
			c := p.dial()
			c.ask(envelope.CodeProof, envelope.Proof{MAC: envelope.Prove("secret", envelope.Challenge{}, envelope.Handshake{})})
			return c
		},
		"another cluster": func(p *peers) *peer {
			c, other := p.dial(), h
			other.Cluster = "elsewhere"
			c.ask(envelope.CodeHandshake, other)
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			withPeers(t, Config{Cluster: "here", ClusterKey: "secret"}, func(t *testing.T, p *peers) {
				c := try(p)
				if answer := c.told(t); answer.Code != 16 {
					t.Errorf("answered %d %q", answer.Code, answer.Remark)
				}
				c.ask(10, nil)
				p.want("its own request", "[10 ]")
				c.taken()
				c.request(1, "forged")
				if c.alive() {
					t.Error("its envelope was taken")
				}
			})
		})
	}
}

func TestRefusalsAreLoggedOncePerAddressAndMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r refusals
		var log lines
		logger := log.logger()
		guess := func(addr string) { r.log(logger, netip.MustParseAddrPort(addr), "p", "guesses") }
		for range 3 {
			guess("10.0.0.1:4711")
			guess("10.0.0.1:4712")
			guess("10.0.0.2:4711")
		}
		if told := log.with("refused"); len(told) != 2 {
			t.Errorf("of two addresses: %q", told)
		}
		time.Sleep(refusalPeriod)
		guess("10.0.0.1:4711")
		if told := log.with("refusals=6"); len(told) != 1 {
			t.Errorf("a minute later: %q", told)
		}
		for i := range 3 * refusedBound {
			guess(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 1).String())
		}
		if len(r.byAddr) > refusedBound+1 {
			t.Errorf("%d addresses are remembered", len(r.byAddr))
		}
		if told := log.with("refused"); len(told) > refusedBound {
			t.Errorf("%d lines in a moment", len(told))
		}
	})
}
