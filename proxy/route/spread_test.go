package route

import (
	"fmt"
	"net/netip"
	"testing"

	"gantry/membership/nameserver"
	"gantry/remoting"
)

// proxiesOf are n proxies that serve the first four slots.
func proxiesOf(n int) (all []Peer) {
	for i := range n {
		all = append(all, Peer{ID: fmt.Sprint("proxy-", i), Host: fmt.Sprint("10.0.0.", i+1), BasePort: 20911 + 1000*i,
			Slots: Slots{}.With(0).With(1).With(2).With(3)})
	}
	return all
}

func askers(n int) (all []netip.Addr) {
	for i := range n {
		all = append(all, netip.AddrFrom4([4]byte{192, 168, byte(i >> 8), byte(i)}))
	}
	return all
}

func spreadID(t *testing.T, asker netip.Addr, slot int, proxies []Peer) string {
	t.Helper()
	p, ok := spread(asker, slot, proxies)
	if !ok {
		t.Fatalf("nobody serves slot %d", slot)
	}
	return p.ID
}

func TestClientsAreSpreadOverTheProxies(t *testing.T) {
	proxies := proxiesOf(3)
	for slot := range 4 {
		count := map[string]int{}
		for _, asker := range askers(3000) {
			count[spreadID(t, asker, slot, proxies)]++
		}
		for _, p := range proxies {
			if count[p.ID] < 850 || count[p.ID] > 1150 {
				t.Errorf("slot %d: %v of 3000 clients", slot, count)
			}
		}
	}
}

func TestNeighbouringShardsAreReachedThroughDifferentProxies(t *testing.T) {
	for _, asker := range askers(300) {
		for _, n := range []int{2, 3, 5} {
			if a, b := spreadID(t, asker, 0, proxiesOf(n)), spreadID(t, asker, 1, proxiesOf(n)); a == b {
				t.Errorf("%v reaches both shards through %s of %d proxies", asker, a, n)
			}
		}
	}
}

func TestAProxysEndMovesOnlyItsClients(t *testing.T) {
	three := proxiesOf(3)
	two := []Peer{three[0], three[2]}
	for _, asker := range askers(300) {
		before, after := spreadID(t, asker, 0, three), spreadID(t, asker, 0, two)
		if before != after && before != three[1].ID {
			t.Errorf("%v is moved from %s to %s", asker, before, after)
		}
	}
}

func TestEveryProxyGivesTheSameAnswer(t *testing.T) {
	there := proxiesOf(3)
	elsewhere := []Peer{there[2], there[0], there[1]}
	for _, asker := range askers(100) {
		for slot := range 4 {
			if a, b := spreadID(t, asker, slot, there), spreadID(t, asker, slot, elsewhere); a != b {
				t.Errorf("%v, slot %d: %s or %s", asker, slot, a, b)
			}
		}
	}
	if got := spreadID(t, netip.MustParseAddr("::ffff:10.1.1.1"), 0, there); got != spreadID(t, netip.MustParseAddr("10.1.1.1"), 0, there) {
		t.Error("an IPv4 asker is another one on an IPv6 socket")
	}
}

func TestWhoIsLeftOut(t *testing.T) {
	for name, row := range map[string]struct {
		alter func(all []Peer)
		want  map[string]bool
	}{
		"a proxy that drains":                   {func(all []Peer) { all[1].Draining = true }, map[string]bool{"proxy-0": true, "proxy-2": true}},
		"a proxy that does not serve the slot":  {func(all []Peer) { all[0].Slots = Slots{}.With(1) }, map[string]bool{"proxy-1": true, "proxy-2": true}},
		"nobody, where all drain":               {func(all []Peer) { all[0].Draining, all[1].Draining, all[2].Draining = true, true, true }, map[string]bool{"proxy-0": true, "proxy-1": true, "proxy-2": true}},
		"who drains not, where it alone serves": {func(all []Peer) { all[0].Draining, all[1].Slots, all[2].Slots = true, nil, nil }, map[string]bool{"proxy-0": true}},
	} {
		all, got := proxiesOf(3), map[string]bool{}
		row.alter(all)
		for _, asker := range askers(100) {
			got[spreadID(t, asker, 2, all)] = true
		}
		if fmt.Sprint(got) != fmt.Sprint(row.want) {
			t.Errorf("%s: clients go to %v, want %v", name, got, row.want)
		}
	}
	if p, ok := spread(netip.Addr{}, 9, proxiesOf(3)); ok {
		t.Errorf("a slot that nobody serves is sent to %s", p.ID)
	}
}

func TestARouteNamesTheChosenProxy(t *testing.T) {
	proxies := proxiesOf(3)
	gateway := Gateway{Proxies: func() []Peer { return proxies },
		Port: func(_ string, brokerID int64) (int, bool) { return 4711 + int(brokerID), true }}
	shard := nameserver.Shard{BrokerName: "a", Slot: 1, Nodes: []nameserver.Node{{BrokerID: 0, Gateway: true}, {BrokerID: 1, Gateway: true}, {BrokerID: 2, Addr: "java:10911"}}}
	for _, ip := range askers(50) {
		asker := &remoting.Channel{Remote: netip.AddrPortFrom(ip, 5000), Local: netip.MustParseAddrPort("172.16.0.9:9876")}
		want := map[string]string{ // its own addresses for itself, what others state for them
			"proxy-0": "map[0:172.16.0.9:4711 1:172.16.0.9:4712 2:java:10911]",
			"proxy-1": "map[0:10.0.0.2:21931 1:10.0.0.2:21935 2:java:10911]",
			"proxy-2": "map[0:10.0.0.3:22931 1:10.0.0.3:22935 2:java:10911]",
		}[spreadID(t, ip, 1, proxies)]
		if got := fmt.Sprint(gateway.View(asker, shard)); got != want {
			t.Errorf("%v is told %s, want %s", ip, got, want)
		}
	}
}

func TestSlots(t *testing.T) {
	s := Slots{}.With(0).With(9).With(1999)
	for slot, want := range map[int]bool{-1: false, 0: true, 1: false, 8: false, 9: true, 1998: false, 1999: true, 2000: false, 1 << 20: false} {
		if s.Has(slot) != want {
			t.Errorf("slot %d: %v", slot, !want)
		}
	}
	if len(s) > 256 {
		t.Errorf("2,000 slots take %d bytes of a metadata's 512", len(s))
	}
}
