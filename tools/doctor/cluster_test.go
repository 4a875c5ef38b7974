package doctor

import (
	"strings"
	"testing"

	"gantry/remoting/protocol"
)

func shard(cluster string, addrs map[int64]string) protocol.BrokerData {
	return protocol.BrokerData{Cluster: cluster, BrokerAddrs: addrs}
}

func TestWhatNameServersKnowIsCompared(t *testing.T) {
	both := protocol.Table[string, protocol.BrokerData]{"a": shard("C", map[int64]string{0: "10.0.0.1:10911", 1: "10.0.0.2:10911"})}
	some := protocol.Table[string, protocol.BrokerData]{"a": shard("D", map[int64]string{1: "10.0.0.2:10911"})}
	v := &clusterView{known: map[string]protocol.ClusterInfo{
		"n1:9876": {BrokerAddrTable: both, ClusterAddrTable: protocol.Table[string, protocol.Set[string]]{"C": {"a"}}},
		"n2:9876": {BrokerAddrTable: some, ClusterAddrTable: protocol.Table[string, protocol.Set[string]]{"D": {"a"}}},
	}}
	if got := lines(v.differences()); got != "warning a/0 is registered with n1:9876 only" {
		t.Errorf("got %s", got)
	}
	if got := lines(v.shards()); got != "error brokers of shard a are in the clusters C and D" {
		t.Errorf("got %s", got)
	}
	if got := v.brokers(); len(got) != 2 || got[0].String() != "a/0 (10.0.0.1:10911)" {
		t.Errorf("brokers are %v", got)
	}
	delete(v.known, "n1:9876")
	if got := lines(v.shards()); got != "warning shard a has no master: it is read and not written" {
		t.Errorf("got %s", got)
	}
}

func TestVIPPortsLieTwoBelow(t *testing.T) {
	for addr, want := range map[string]string{"10.0.0.1:10911": "10.0.0.1:10909", "[::1]:10911": "[::1]:10909", "h:2": "", "h": ""} {
		if got := below(addr); got != want {
			t.Errorf("%s: got %s", addr, got)
		}
	}
}

func TestFindingsArePrintedAndDecideTheExitCode(t *testing.T) {
	var f Findings
	f.fine("names", "all well")
	f.add(Note, "names", "do this", "odd")
	if f.exitCode() != 0 {
		t.Errorf("a note gives %d", f.exitCode())
	}
	f.add(Warning, "clock", "start ntpd", "late")
	if f.exitCode() != 1 {
		t.Errorf("a warning gives %d", f.exitCode())
	}
	f.add(Error, "ports", "", "taken")
	var text strings.Builder
	f.write(&text)
	want := "fine     names         all well\nnote     names         odd; do this\nwarning  clock         late; start ntpd\nerror    ports         taken\n"
	if f.exitCode() != 2 || text.String() != want {
		t.Errorf("exit code %d\n%s", f.exitCode(), text.String())
	}
}
