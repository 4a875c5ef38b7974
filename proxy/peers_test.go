package proxy

import (
	"fmt"
	"testing"

	"gantry/proxy/route"
)

func TestWhatAProxyStatesAboutItself(t *testing.T) {
	for name, row := range map[string]struct {
		config Config
		want   string // its host
	}{
		"the advertised address":            {Config{AdvertiseAddr: "gw.example.org", BindAddress: "10.0.0.1"}, "gw.example.org"},
		"the address it listens on":         {Config{BindAddress: "10.0.0.1"}, "10.0.0.1"},
		"none where it listens on all":      {Config{BindAddress: "0.0.0.0"}, ""},
		"none where it listens on all IPv6": {Config{BindAddress: "::"}, ""},
	} {
		row.config.ProxyID, row.config.GatewayBasePort = "p", 20911
		self := newPeers(row.config).all()[0]
		if self.Host != row.want || self.ID != "p" || self.BasePort != 20911 || self.Draining {
			t.Errorf("%s: it states %+v, want host %q", name, self, row.want)
		}
	}
}

func TestAChangeIsToldOnceItCanBeRead(t *testing.T) {
	var heard []string
	var p *peers
	p = newPeers(Config{ProxyID: "p", OnSelf: func() { heard = append(heard, fmt.Sprint(p.all()[0].Slots.Has(3))) }})
	p.change(func(self *route.Peer) { self.Slots = self.Slots.With(3) })
	if fmt.Sprint(heard) != "[true]" {
		t.Errorf("heard %v", heard)
	}
}

func TestTheOthersAreWhoCanBeNamed(t *testing.T) {
	p := newPeers(Config{ProxyID: "p", OnSelf: func() {}})
	ids := func() (all []string) {
		for _, peer := range p.all() {
			all = append(all, peer.ID)
		}
		return all
	}
	for want, alive := range map[string][]route.Peer{
		"[p]":     nil,
		"[p q r]": {{ID: "q", Host: "h"}, {ID: "p", Host: "h"}, {ID: "r", Host: "i"}},
		"[p r]":   {{ID: "q"}, {ID: "r", Host: "i"}},
	} {
		p.set(alive)
		if got := fmt.Sprint(ids()); got != want {
			t.Errorf("of %v: %s, want %s", alive, got, want)
		}
	}
}
