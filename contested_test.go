package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestASecondBrokerOfOneNameAndIdIsToldSo(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	port, gossip := freePorts(t)
	g := gantry(t, "mqnamesrv", "-c", write(t, filepath.Join(t.TempDir(), "namesrv.conf"), fmt.Sprintf("listenPort=%d\nbindAddress=127.0.0.1\ngossipPort=%d\n", port, gossip)))
	g.line()
	g.line()
	names := fmt.Sprint("namesrvAddr=127.0.0.1:", port)
	one, at := nodeFile(t, names)
	two, _ := nodeFile(t, names, "brokerId=0")
	slave, _ := nodeFile(t, names, "brokerId=1", "brokerRole=SLAVE")
	start := func(file string) *process {
		n := gantry(t, "node", "-c", file)
		n.line()
		return n
	}
	first := start(one)
	eventually(t, func() error {
		if told, code := gantry(t, "mqadmin", "clusterList", "-n", fmt.Sprint("127.0.0.1:", port)).end(); code != 0 || !strings.Contains(told, fmt.Sprint("127.0.0.1:", at)) {
			return fmt.Errorf("the first is not registered: %s", told)
		}
		return nil
	})
	beside, second := start(slave), start(two)
	for _, n := range []*process{second, beside, first} {
		n.stop()
	}
	again := start(one)
	again.stop()
	want := fmt.Sprintf(`line=8 key=brokerId finding="\"0\" is taken: 127.0.0.1:%d is b/0, too, and lives; clients would be sent to one and the other in turn`, at)
	if said := second.complaints(); !strings.Contains(said, want) || !strings.Contains(said, "file="+two) {
		t.Errorf("the second is told\n%s\nwant %s", said, want)
	}
	for who, n := range map[string]*process{"the first": first, "a slave": beside, "a broker that comes back alone": again} {
		if strings.Contains(n.complaints(), "is taken: ") {
			t.Errorf("%s is told of another:\n%s", who, n.complaints())
		}
	}
}
