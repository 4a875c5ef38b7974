package guides

import (
	"fmt"
	"strings"
	"testing"
)

// doctor expects lines of `gantry doctor`, each with its severity, and none else of its area that is worse than fine.
func (h *host) doctor(args string, wants ...string) {
	h.t.Helper()
	eventually(h.t, func() error {
		out, _ := h.types("bin/gantry doctor " + args)
		for _, want := range wants {
			severity, text, _ := strings.Cut(want, ": ")
			if !strings.Contains(out, fmt.Sprintf("%-8s %-13s %s", severity, "addresses", text)) {
				return fmt.Errorf("%s: gantry doctor %s does not find %q but\n%s", h.name, args, want, out)
			}
		}
		bad := 0
		for _, want := range wants {
			if !strings.HasPrefix(want, "fine") {
				bad++
			}
		}
		if got := strings.Count(out, "error    addresses") + strings.Count(out, "warning  addresses"); got != bad {
			return fmt.Errorf("%s: gantry doctor %s finds %d addresses that are wrong, want %d\n%s", h.name, args, got, bad, out)
		}
		return nil
	})
}

// A broker behind a port mapping: right although the machine itself may not get through to what it tells others.
func TestABrokerBehindNAT(t *testing.T) {
	clients := stockClients(t)
	n := newNetwork(t)
	const home = "/home/rmq/gantry"
	broker, router, outside := n.host("broker", "10.0.0.2"), n.host("router", "203.0.113.1"), n.host("app", "203.0.113.9")
	n.on(router.pid, "ip", "addr", "add", "10.0.0.1/24", "dev", "eth0")
	for _, h := range []*host{broker, outside} {
		h.release(home, repository, binary())
	}
	broker.put(home+"/conf/nat.properties", []byte("brokerName=b\nbrokerIP1=203.0.113.1\nnamesrvAddr=127.0.0.1:9876\n"))
	broker.doctor("-c conf/nat.properties", "warning: conf/nat.properties:2: others are told 203.0.113.1:10911, which is none of this machine's addresses",
		"warning: conf/nat.properties:2: others are told 203.0.113.1:10909, which", "warning: conf/nat.properties:2: others are told 203.0.113.1:10912, which")

	n.on(broker.pid, "ip", "route", "add", "203.0.113.0/24", "via", "10.0.0.1")
	router.maps("203.0.113.1", "10.0.0.2", 9876, 10909, 10911, 10912)
	here := []string{"fine: conf/nat.properties: 203.0.113.1:10911 leads here (broker)", "fine: conf/nat.properties: 203.0.113.1:10909 leads here (VIP)", "fine: conf/nat.properties: 203.0.113.1:10912 leads here (HA)"}
	broker.doctor("-c conf/nat.properties", here...)
	broker.does("nohup sh bin/mqnamesrv >ns.out 2>&1 &")
	broker.does("nohup sh bin/mqbroker -c conf/nat.properties >bk.out 2>&1 &")
	broker.boot(home+"/bk.out", "The broker[b, 203.0.113.1:10911] boot success...")
	broker.doctor("-c conf/nat.properties", append(here, "fine: broker b/0 (203.0.113.1:10911) answers from here")...)
	outside.doctor("-n 203.0.113.1:9876", "fine: broker b/0 (203.0.113.1:10911) answers from here")
	outside.producesAndConsumes(clients, "203.0.113.1:9876")
}

// A master that advertises the address of a container bridge: its slave says that it does not get through.
func TestWhatASlaveCannotDialIsFound(t *testing.T) {
	n := newNetwork(t)
	const home = "/home/rmq/gantry"
	master, slave := n.host("one", "192.168.56.1"), n.host("two", "192.168.56.2")
	for _, h := range []*host{master, slave} {
		h.release(home, repository, binary())
	}
	n.on(slave.pid, "ip", "route", "add", "unreachable", "172.17.0.0/16")
	slave.put(home+"/conf/a-s.properties", []byte("brokerName=a\nbrokerId=1\nbrokerRole=SLAVE\nnamesrvAddr=192.168.56.1:9876\n"))
	master.does("nohup sh bin/mqnamesrv >ns.out 2>&1 &")
	slave.does("nohup sh bin/mqbroker -c conf/a-s.properties >bk.out 2>&1 &")
	slave.boot(home+"/bk.out", "The broker[a, 192.168.56.2:10911] boot success...")
	slave.doctor("-n 192.168.56.1:9876", "fine: broker a/1 (192.168.56.2:10911) answers from here", "error: slave a/1 (192.168.56.2:10911) was told of no master")
	for ip, says := range map[string]string{
		"172.17.0.1":   "error: slave a/1 (192.168.56.2:10911) does not get through to its master at 172.17.0.1:10912: ",
		"192.168.56.1": "fine: slave a/1 (192.168.56.2:10911) copies from 192.168.56.1:10912",
	} {
		master.put(home+"/conf/a.properties", []byte("brokerName=a\nbrokerIP2="+ip+"\nnamesrvAddr=192.168.56.1:9876\n"))
		master.does("nohup sh bin/mqbroker -c conf/a.properties >bk.out 2>&1 &")
		master.boot(home+"/bk.out", "The broker[a, 192.168.56.1:10911] boot success...")
		slave.doctor("-n 192.168.56.1:9876", "fine: broker a/0 (192.168.56.1:10911) answers from here", says)
		master.shutdown("sh bin/mqshutdown", "broker", 1)
	}
}
