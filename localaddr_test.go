package main

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"
)

func at(name, ip string, kind interfaceKind) interfaceAddr {
	return interfaceAddr{name, netip.MustParseAddr(ip), kind}
}

func TestWhichOfSeveralAddressesIsTold(t *testing.T) {
	nat, host := at("eth0", "10.0.2.15", network), at("eth1", "192.168.56.1", network)
	docker, vpn, six := at("docker0", "172.17.0.1", bridge), at("tun0", "10.8.0.2", tunnel), at("eth0", "fd00::1", network)
	for _, test := range []struct {
		all          []interfaceAddr
		ways         []way
		want, reason string
	}{
		{[]interfaceAddr{nat, host}, []way{{"192.168.56.1:9876", host.ip}}, "192.168.56.1", "the way to name server 192.168.56.1:9876 leaves by eth1"},
		{[]interfaceAddr{nat, host}, []way{{"127.0.0.1:9876", netip.MustParseAddr("127.0.0.1")}}, "10.0.2.15", "first address of eth0"},
		{[]interfaceAddr{nat, host}, []way{{"127.0.0.1:9876", netip.MustParseAddr("127.0.0.1")}, {"192.168.56.2:9876", host.ip}}, "192.168.56.1", "the way to name server 192.168.56.2:9876 leaves by eth1"},
		{[]interfaceAddr{docker, vpn, six, host}, nil, "192.168.56.1", "first address of eth1"},
		{[]interfaceAddr{docker, vpn}, nil, "10.8.0.2", "first address of tun0, there is none but of tunnels and bridges"},
		{[]interfaceAddr{docker}, nil, "172.17.0.1", "first address of docker0, there is none but of tunnels and bridges"},
		{[]interfaceAddr{six}, nil, "fd00::1", "first address of eth0"},
		{nil, nil, "127.0.0.1", "no interface is up but the loopback: this machine alone can reach it"},
	} {
		chosen, reason := choose(test.all, test.ways)
		if chosen.String() != test.want || reason != test.reason {
			t.Errorf("%v, %v: chose %s, %s; want %s, %s", test.all, test.ways, chosen, reason, test.want, test.reason)
		}
	}
}

func TestTheAlternativesAreNamed(t *testing.T) {
	all := []interfaceAddr{at("eth0", "10.0.2.15", network), at("docker0", "172.17.0.1", bridge), at("tun0", "10.8.0.2", tunnel)}
	if got := strings.Join(others(all, all[0].ip), "; "); got != "172.17.0.1 (docker0, bridge); 10.8.0.2 (tun0, tunnel)" {
		t.Errorf("got %s", got)
	}
}

func TestAConfiguredAddressIsComparedWithThoseOfTheMachine(t *testing.T) {
	all := []interfaceAddr{at("eth0", "10.0.2.15", network)}
	for told, want := range map[string]string{
		"10.0.2.15": "level=INFO msg=\"own address as configured\" addr=10.0.2.15 by=brokerIP1 others=[]",
		"127.0.0.1": "level=INFO msg=\"own address as configured\" addr=127.0.0.1 by=brokerIP1 others=\"[10.0.2.15 (eth0)]\"",
		"8.8.8.8": "level=WARN msg=\"the configured address is none of this machine: right behind NAT or a port mapping that leads here, else nobody gets through\"" +
			" addr=8.8.8.8 by=brokerIP1 others=\"[10.0.2.15 (eth0)]\"",
		"mq.example": "level=INFO msg=\"own address is a name, which those resolve who are told it\" addr=mq.example by=brokerIP1 others=\"[10.0.2.15 (eth0)]\"",
	} {
		var log strings.Builder
		identity{key: "brokerIP1", told: told}.check(slog.New(slog.NewTextHandler(&log, nil)), all)
		if _, line, _ := strings.Cut(strings.TrimSpace(log.String()), " "); line != want {
			t.Errorf("%s:\n got %s\nwant %s", told, line, want)
		}
	}
}

func TestSlavesBehindTheSameNATAreToldAnAddressWithin(t *testing.T) {
	all := interfaceAddrs()
	if len(all) == 0 {
		all = []interfaceAddr{at("lo", "127.0.0.1", network)}
	}
	for told, outside := range map[string]bool{"203.0.113.9": true, "127.0.0.1": false, all[0].ip.String(): false, "mq.example": false, "": false} {
		got := identity{key: "brokerIP1", told: told}.within()
		if (got != "") != outside || got == told && got != "" {
			t.Errorf("brokerIP1=%s: slaves are told %q", told, got)
		}
	}
}

func TestNoNameServerNeedsToResolve(t *testing.T) {
	ways := leaving([]string{"no.such.host.invalid:9876", "127.0.0.1:9876", "not an address"})
	if len(ways) != 1 || ways[0] != (way{"127.0.0.1:9876", netip.MustParseAddr("127.0.0.1")}) {
		t.Errorf("got %v", ways)
	}
}
