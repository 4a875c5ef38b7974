package route

import (
	"fmt"
	"net/netip"
	"testing"

	"gantry/membership"
	"gantry/membership/nameserver"
	"gantry/remoting"
)

func TestOneAddressForAllShards(t *testing.T) {
	master := nameserver.Node{BrokerID: 0, Addr: "10.1.1.1:10911", Gateway: true}
	slave := nameserver.Node{BrokerID: 1, Addr: "10.1.1.2:10911", Gateway: true}
	java := nameserver.Node{BrokerID: 2, Addr: "10.9.9.9:10911"}
	asker := &remoting.Channel{Remote: netip.MustParseAddrPort("10.7.7.7:4711"), Local: netip.MustParseAddrPort("192.168.0.7:9876")}
	alone := func() []Peer { return []Peer{{ID: "self", Slots: Slots{}.With(0).With(3)}} }
	for name, row := range map[string]struct {
		advertise string
		shard     nameserver.Shard
		want      map[int64]string
	}{
		"of the first slot":                {"", nameserver.Shard{Nodes: []nameserver.Node{master, slave}}, map[int64]string{0: "192.168.0.7:20912"}},
		"of another":                       {"", nameserver.Shard{Slot: 3, Nodes: []nameserver.Node{master}}, map[int64]string{0: "192.168.0.7:20912"}},
		"a load balancer's":                {"lb.example.org", nameserver.Shard{Slot: 3, Nodes: []nameserver.Node{master}}, map[int64]string{0: "lb.example.org:20912"}},
		"a slave stands for its master":    {"lb", nameserver.Shard{Nodes: []nameserver.Node{slave}}, map[int64]string{1: "lb:20912"}},
		"a Java slave keeps its own":       {"lb", nameserver.Shard{Nodes: []nameserver.Node{master, java}}, map[int64]string{0: "lb:20912", 2: "10.9.9.9:10911"}},
		"none where nobody serves it":      {"lb", nameserver.Shard{Slot: 1, Nodes: []nameserver.Node{master}}, map[int64]string{}},
		"none while no slot is advertised": {"lb", nameserver.Shard{Slot: membership.NoSlot, Nodes: []nameserver.Node{master}}, map[int64]string{}},
	} {
		shared := Shared{Gateway: Gateway{AdvertiseAddr: row.advertise, Proxies: alone}, BasePort: 20911}
		if got := shared.View(asker, row.shard); fmt.Sprint(got) != fmt.Sprint(row.want) {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
}

func TestTheAddressForAllShardsIsOfOneProxyThatServesThem(t *testing.T) {
	proxies := proxiesOf(3)
	proxies[1].Draining = true
	shared := Shared{Gateway: Gateway{Proxies: func() []Peer { return proxies }}, BasePort: 20911}
	told := map[string]bool{}
	for _, ip := range askers(50) {
		asker := &remoting.Channel{Remote: netip.AddrPortFrom(ip, 5000), Local: netip.MustParseAddrPort("172.16.0.9:9876")}
		addrs := map[string]bool{}
		for slot := range 4 {
			addrs[shared.View(asker, nameserver.Shard{Slot: slot, Nodes: []nameserver.Node{{Gateway: true}}})[0]] = true
		}
		if len(addrs) != 1 {
			t.Errorf("%v is told %v", ip, addrs)
		}
		for a := range addrs {
			told[a] = true
		}
	}
	if fmt.Sprint(told) != "map[10.0.0.3:22912:true 172.16.0.9:20912:true]" {
		t.Errorf("clients are told %v", told)
	}
}
