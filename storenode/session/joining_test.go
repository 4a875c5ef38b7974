package session

import (
	"slices"
	"testing"
	"testing/synctest"

	"gantry/remoting"
	"gantry/remoting/envelope"
)

func TestALaterJoiningReplacesWhatIsLeftOfAnEarlierOne(t *testing.T) {
	withPeers(t, Config{}, func(t *testing.T, p *peers) {
		first := p.joinedAs("g", 1)
		first[envelope.Control].open(1)
		second := p.joinedAs("g", 2)
		p.want("of the first", "[closed]")
		for class, l := range first {
			if l.alive() || !second[class].alive() {
				t.Errorf("%s: alive are the first %v, the second %v", class, l.alive(), second[class].alive())
			}
		}
		second[envelope.Control].open(1)
		second[envelope.Sends].request(1, "m")
		p.want("of the second", "[10 m]")
		late := p.dial()
		late.ask(envelope.CodeHandshake, envelope.Handshake{ProxyID: "p", LinkGroup: "g", Joining: 1, Class: envelope.Sends})
		if late.alive() || !second[envelope.Sends].alive() {
			t.Error("a connection of the first was taken")
		}
	})
}

// What a proxy sends again must come behind what it sent before, also where the
// node has not read that yet.
func TestNothingOfAnEarlierJoiningIsCarriedOutBesideALaterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release, handled := make(chan struct{}), 0
		p := servePeers(t, Config{Handle: func(c *remoting.Command, to remoting.Responder) {
			handled++
			<-release
			to.Drop()
		}})
		first := p.joinedAs("g", 1)
		first[envelope.Control].open(1)
		frame := remoting.AppendRequest(envelope.Envelope{Session: 1, RequestID: 1, Kind: envelope.Request}.Append(nil), 7, &remoting.Request{Code: 10})
		first[envelope.Sends].raw.Write(slices.Concat(frame, frame))
		synctest.Wait()
		second := p.dial()
		second.ask(envelope.CodeHandshake, envelope.Handshake{ProxyID: "p", LinkGroup: "g", Joining: 2, Class: envelope.Sends})
		if got := second.taken(); len(got) > 0 {
			t.Errorf("answered %q while a request of the first is under way", got)
		}
		close(release)
		if answer := second.told(t); answer.Code != 0 {
			t.Errorf("answered %d %s", answer.Code, answer.Remark)
		}
		if handled != 1 {
			t.Errorf("%d requests of the first were carried out, want one", handled)
		}
	})
}

func TestAProxysAnnouncementsAndAddressAreTold(t *testing.T) {
	var told []string
	withPeers(t, Config{Gateway: func(addr string) { told = append(told, "reached at "+addr) },
		Announced: func(id string) { told = append(told, id+" announced all") }}, func(t *testing.T, p *peers) {
		links := map[envelope.Class]*peer{}
		for _, class := range envelope.Classes {
			links[class] = p.dial()
			links[class].ask(envelope.CodeHandshake, envelope.Handshake{ProxyID: "p-1", LinkGroup: "g", Class: class, GatewayAddr: "10.9.9.9:20911"})
			links[class].taken()
		}
		links[envelope.Control].signal(0, envelope.End)
	})
	if want := []string{"reached at 10.9.9.9:20911", "p-1 announced all"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

func TestARequestSentAgainIsMarked(t *testing.T) {
	var marks []bool
	withPeers(t, Config{Handle: func(c *remoting.Command, to remoting.Responder) {
		marks = append(marks, c.Repeated)
		to.Drop()
	}}, func(t *testing.T, p *peers) {
		links := p.joined("g")
		links[envelope.Control].open(1)
		for _, flags := range []uint32{0, envelope.Retry, 0} {
			links[envelope.Sends].say(envelope.Envelope{Session: 1, RequestID: 5, Kind: envelope.Request, Flags: flags}, &remoting.Request{Code: 10})
		}
		own := p.dial()
		own.ask(10, nil)
		synctest.Wait()
	})
	if want := []bool{false, true, false, false}; !slices.Equal(marks, want) {
		t.Errorf("marked %v, want %v", marks, want)
	}
}
