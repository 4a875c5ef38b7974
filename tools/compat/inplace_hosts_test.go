package compat

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"

	"gantry/remoting/message"
)

// loopbackHosts are the machine's, an IPv6 one first where it has one.
func loopbackHosts(t *testing.T) []string {
	probe, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Logf("messages have IPv4 hosts alone: %v", err)
		return []string{"127.0.0.1"}
	}
	probe.Close()
	return []string{"[::1]", "127.0.0.1"}
}

// sendFromAllHosts sends 4 MiB that are stored as they are, over each kind of connection.
func (m *move) sendFromAllHosts() {
	m.Helper()
	_, port, err := net.SplitHostPort(m.broker)
	if err != nil {
		m.Fatal(err)
	}
	for _, host := range loopbackHosts(m.T) {
		body := make([]byte, 4<<20)
		rand.NewChaCha8([32]byte{byte(len(host))}).Read(body)
		properties := message.Properties(nil).Set(message.PropertyKeys, host).Set(message.PropertyUniqKey, m.id())
		m.stored(sendByHand(m.T, host+":"+port, m.hosts, properties, body, nil))
	}
}

// checkHosts says that messages sent over each kind of connection have its address, and the broker's.
func (m *move) checkHosts(s snapshot) {
	m.Helper()
	broker := netip.MustParseAddrPort(m.broker)
	seen := map[string]bool{}
	for _, r := range s.records[queue{m.hosts, 0}] {
		host := string(r.Properties().Get(message.PropertyKeys))
		seen[host] = true
		if want := netip.MustParseAddrPort(host + ":1").Addr(); r.BornHost().Addr() != want || r.StoreHost() != broker {
			m.Errorf("a message sent over %s has the hosts %v and %v, want %v and %v", host, r.BornHost(), r.StoreHost(), want, broker)
		}
	}
	if want := len(loopbackHosts(m.T)); len(seen) != want {
		m.Errorf("messages came from %d kinds of hosts, want %d", len(seen), want)
	}
}
