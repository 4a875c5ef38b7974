package route

import (
	"fmt"
	"net/netip"
	"testing"

	"gantry/membership"
	"gantry/membership/nameserver"
	"gantry/remoting"
)

func TestPortsOfASlot(t *testing.T) {
	for _, row := range []struct {
		base, slot int
		brokerID   int64
		want       int // 0: none
	}{
		{20911, 0, 0, 20911},
		{20911, 3, 0, 20971},
		{20911, 3, 4, 20987},
		{10911, 0, 1, 10915},
		{20911, 0, 5, 0},
		{20911, 0, -1, 0},
		{65535, 0, 0, 65535},
		{65535, 1, 0, 0},
		{2, 0, 0, 0}, // no VIP port below
	} {
		port, err := Port(row.base, row.slot, row.brokerID)
		if port != row.want || (err != nil) != (row.want == 0) {
			t.Errorf("%+v: port %d, %v", row, port, err)
		}
	}
	if VIP(20911) != 20909 {
		t.Errorf("VIP port %d", VIP(20911))
	}
}

func TestNoTwoCopiesShareAPort(t *testing.T) {
	taken := map[int]string{SharedPort(20911): "all shards", VIP(SharedPort(20911)): "all shards"}
	for slot := range 50 {
		for id := range int64(maxReplica + 1) {
			port, err := Port(20911, slot, id)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []int{port, VIP(port)} {
				if taken[p] != "" {
					t.Errorf("port %d is of slot %d replica %d and of %s", p, slot, id, taken[p])
				}
				taken[p] = fmt.Sprintf("slot %d replica %d", slot, id)
			}
		}
	}
}

func TestWhatClientsAreToldOfAShard(t *testing.T) {
	asker := func(local string) *remoting.Channel {
		addr, _ := netip.ParseAddrPort(local)
		return &remoting.Channel{Local: addr}
	}
	ports := func(brokerName string, brokerID int64) (int, bool) {
		return 20911 + 4*int(brokerID), brokerName == "open"
	}
	alone := func() []Peer { return []Peer{{ID: "self", Slots: Slots{}.With(0)}} }
	gateway := nameserver.Node{BrokerID: 0, Addr: "10.1.1.1:10911", Gateway: true}
	slave := nameserver.Node{BrokerID: 1, Addr: "10.1.1.2:10911", Gateway: true}
	java := nameserver.Node{BrokerID: 1, Addr: "10.9.9.9:10911"}
	for name, row := range map[string]struct {
		advertise string
		asker     string
		shard     nameserver.Shard
		want      map[int64]string
	}{
		"the address the asker connected to": {"", "192.168.0.7:9876",
			nameserver.Shard{BrokerName: "open", Nodes: []nameserver.Node{gateway, slave}}, map[int64]string{0: "192.168.0.7:20911", 1: "192.168.0.7:20915"}},
		"the advertised address": {"gw.example.org", "192.168.0.7:9876",
			nameserver.Shard{BrokerName: "open", Nodes: []nameserver.Node{gateway}}, map[int64]string{0: "gw.example.org:20911"}},
		"an IPv6 address without brackets": {"", "[2001:db8::1%eth0]:9876",
			nameserver.Shard{BrokerName: "open", Nodes: []nameserver.Node{gateway}}, map[int64]string{0: "2001:db8::1:20911"}},
		"an advertised IPv6 address": {"[2001:db8::2]", "",
			nameserver.Shard{BrokerName: "open", Nodes: []nameserver.Node{gateway}}, map[int64]string{0: "2001:db8::2:20911"}},
		"an asker of this process": {"", "",
			nameserver.Shard{BrokerName: "open", Nodes: []nameserver.Node{gateway}}, map[int64]string{0: "127.0.0.1:20911"}},
		"a Java broker's own": {"gw", "",
			nameserver.Shard{BrokerName: "closed", Slot: membership.NoSlot, Nodes: []nameserver.Node{java}}, map[int64]string{1: "10.9.9.9:10911"}},
		"a Java slave of our master": {"gw", "",
			nameserver.Shard{BrokerName: "open", Nodes: []nameserver.Node{gateway, java}}, map[int64]string{0: "gw:20911", 1: "10.9.9.9:10911"}},
		"nothing while no port is open": {"gw", "",
			nameserver.Shard{BrokerName: "closed", Nodes: []nameserver.Node{gateway}}, map[int64]string{}},
		"nothing while no proxy serves the slot": {"gw", "",
			nameserver.Shard{BrokerName: "open", Slot: 5, Nodes: []nameserver.Node{gateway}}, map[int64]string{}},
		"nothing while the slot is not recorded": {"gw", "",
			nameserver.Shard{BrokerName: "open", Slot: membership.NoSlot, Nodes: []nameserver.Node{gateway}}, map[int64]string{}},
	} {
		got := Gateway{AdvertiseAddr: row.advertise, Port: ports, Proxies: alone}.View(asker(row.asker), row.shard)
		if fmt.Sprint(got) != fmt.Sprint(row.want) {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
}
