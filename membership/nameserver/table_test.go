package nameserver

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"gantry/membership"
	"gantry/remoting"
	"gantry/remoting/protocol"
)

// start is the time at which a table's story begins.
var start = time.UnixMilli(1_700_000_000_000)

func topic(name string, queues, perm int32) protocol.TopicConfig {
	return protocol.TopicConfig{TopicName: name, ReadQueueNums: queues, WriteQueueNums: queues, Perm: perm}
}

// broker is a registration of a Java broker: brokerName "a" has the address
// "a-0:10911" as its master, and "a-1:10911" as its slave.
func broker(cluster, name string, id int64, counter int64, topics ...protocol.TopicConfig) membership.Registration {
	table := map[string]protocol.TopicConfig{}
	for _, c := range topics {
		table[c.TopicName] = c
	}
	return membership.Registration{
		Cluster: cluster, BrokerName: name, BrokerID: id,
		Addr: fmt.Sprintf("%s-%d:10911", name, id), HAServerAddr: fmt.Sprintf("%s-%d:10912", name, id),
		DataVersion: protocol.DataVersion{Timestamp: 1, Counter: counter},
		Topics:      table,
		Slot:        membership.SlotClaim{Slot: noSlot},
	}
}

func newTable() *Table { return NewTable(Bounds{Nodes: 100, Slots: 100}) }

func register(t *testing.T, table *Table, r membership.Registration, over *remoting.Channel) Registered {
	t.Helper()
	done, err := table.Register(r, over, start)
	if err != nil {
		t.Fatalf("register %s %d: %v", r.BrokerName, r.BrokerID, err)
	}
	return done
}

// describe writes a topic's route as "a(6×8) 0=a-0:10911 1=a-1:10911; b…".
func describe(table *Table, topic string) string {
	route, ok := table.Route(topic)
	if !ok {
		return "none"
	}
	var shards []string
	for i, q := range route.Queues {
		words := []string{fmt.Sprintf("%s(%d×%d)", q.BrokerName, q.Perm, q.WriteQueueNums)}
		for _, n := range route.Shards[i].Nodes {
			words = append(words, fmt.Sprintf("%d=%s", n.BrokerID, n.Addr))
		}
		shards = append(shards, strings.Join(words, " "))
	}
	return strings.Join(shards, "; ")
}

func wantRoute(t *testing.T, table *Table, topic, want string) {
	t.Helper()
	if got := describe(table, topic); got != want {
		t.Fatalf("route of %s is %q, want %q", topic, got, want)
	}
}

func TestRouteHasEveryShardOfTheTopic(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	register(t, table, broker("C", "b", 0, 1, topic("T", 4, 6)), over)
	register(t, table, broker("C", "a", 1, 1), over)
	register(t, table, broker("C", "a", 0, 1, topic("T", 8, 6), topic("OnlyA", 1, 4)), over)
	wantRoute(t, table, "T", "a(6×8) 0=a-0:10911 1=a-1:10911; b(6×4) 0=b-0:10911")
	wantRoute(t, table, "OnlyA", "a(4×1) 0=a-0:10911 1=a-1:10911")
	wantRoute(t, table, "Nowhere", "none")
}

func TestTopicsAreBelievedFromTheMasterOnly(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	register(t, table, broker("C", "a", 1, 1, topic("T", 4, 6)), over)
	wantRoute(t, table, "T", "none")
}

func TestTopicsChangeWithTheDataVersion(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	register(t, table, broker("C", "a", 0, 1, topic("T", 4, 6)), over)
	register(t, table, broker("C", "a", 0, 1, topic("T", 8, 6)), over)
	wantRoute(t, table, "T", "a(6×4) 0=a-0:10911")
	register(t, table, broker("C", "a", 0, 2, topic("T", 8, 4), topic("U", 1, 6)), over)
	wantRoute(t, table, "T", "a(4×8) 0=a-0:10911")
	register(t, table, broker("C", "a", 0, 3, topic("U", 1, 6)), over)
	wantRoute(t, table, "T", "a(4×8) 0=a-0:10911") // a topic left out is not withdrawn
}

func TestTopicGoesByItsOwnName(t *testing.T) {
	table := newTable()
	r := broker("C", "a", 0, 1)
	r.Topics = map[string]protocol.TopicConfig{"Key": topic("Name", 4, 6), "Nameless": topic("", 4, 6)}
	register(t, table, r, new(remoting.Channel))
	if got := fmt.Sprint(table.Topics()); got != "[Name]" {
		t.Fatalf("topics are %s, want [Name]", got)
	}
}

func TestSlaveIsToldItsMaster(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	if done := register(t, table, broker("C", "a", 1, 1), over); done.MasterAddr != "" || done.HAServerAddr != "" {
		t.Fatalf("a slave without master is told %+v", done)
	}
	if done := register(t, table, broker("C", "a", 0, 1), over); done.MasterAddr != "" {
		t.Fatalf("a master is told %+v", done)
	}
	done := register(t, table, broker("C", "a", 1, 1), over)
	if done.MasterAddr != "a-0:10911" || done.HAServerAddr != "a-0:10912" {
		t.Fatalf("a slave is told %+v", done)
	}
}

func TestPromotedSlaveLeavesItsFormerID(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	register(t, table, broker("C", "a", 0, 1, topic("T", 4, 6)), over)
	register(t, table, broker("C", "a", 1, 1), over)
	promoted := broker("C", "a", 0, 1, topic("T", 4, 6))
	promoted.Addr = "a-1:10911"
	register(t, table, promoted, over)
	wantRoute(t, table, "T", "a(6×4) 0=a-1:10911")
}

func TestRegistrationEndsWithItsConnection(t *testing.T) {
	table := newTable()
	master, slave, other := new(remoting.Channel), new(remoting.Channel), new(remoting.Channel)
	register(t, table, broker("C", "a", 0, 1, topic("T", 4, 6)), master)
	register(t, table, broker("C", "a", 1, 1), slave)
	if removed := table.Closed(other, start); removed != nil {
		t.Fatalf("a client's connection ended %v", removed)
	}
	want := []NodeAddr{{NodeID{"a", 0}, "a-0:10911"}}
	if removed := table.Closed(master, start); !reflect.DeepEqual(removed, want) {
		t.Fatalf("the master's connection ended %v, want %v", removed, want)
	}
	wantRoute(t, table, "T", "a(6×4) 1=a-1:10911") // still to be consumed from the slave
	table.Closed(slave, start)
	wantRoute(t, table, "T", "none")
	if topics, shards := table.Topics(), table.Shards(); len(topics) != 0 || len(shards) != 0 {
		t.Fatalf("left behind: topics %v, shards %v", topics, shards)
	}
}

func TestRenewalOnANewConnectionSurvivesTheOldOne(t *testing.T) {
	table := newTable()
	before, after := new(remoting.Channel), new(remoting.Channel)
	register(t, table, broker("C", "a", 0, 1, topic("T", 4, 6)), before)
	register(t, table, broker("C", "a", 0, 1, topic("T", 4, 6)), after)
	if removed := table.Closed(before, start); removed != nil {
		t.Fatalf("the old connection ended %v", removed)
	}
	wantRoute(t, table, "T", "a(6×4) 0=a-0:10911")
}

func TestARegistrationThatComesLateOverAReplacedConnectionChangesNothing(t *testing.T) {
	table := newTable()
	before, after := new(remoting.Channel), new(remoting.Channel)
	register(t, table, broker("C", "a", 0, 1, topic("T", 4, 6)), before)
	register(t, table, broker("C", "a", 0, 2, topic("T", 8, 6)), after)
	if late := register(t, table, broker("C", "a", 0, 1, topic("T", 4, 6)), before); late.First || late.ShardsChanged {
		t.Errorf("what came late gives %+v", late)
	}
	if removed := table.Closed(before, start); removed != nil {
		t.Fatalf("the replaced connection ended %v", removed)
	}
	wantRoute(t, table, "T", "a(6×8) 0=a-0:10911")
	if removed := table.Closed(after, start); len(removed) != 1 {
		t.Errorf("the connection in use ended %v", removed)
	}
	register(t, table, broker("C", "a", 0, 1, topic("T", 4, 6)), before)
	wantRoute(t, table, "T", "a(6×4) 0=a-0:10911")
}

func TestRegistrationExpires(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	register(t, table, broker("C", "a", 0, 1, topic("T", 4, 6)), over)
	register(t, table, broker("C", "b", 0, 1, topic("T", 4, 6)), over)
	if removed := table.Expire(start.Add(time.Minute), time.Minute); removed != nil {
		t.Fatalf("expired in time: %v", removed)
	}
	later := start.Add(time.Minute + 1)
	if _, ok := table.Renew("b", "b-0:10911", later); !ok {
		t.Fatal("b is not known")
	}
	if removed := table.Expire(later, time.Minute); len(removed) != 1 || removed[0].BrokerName != "a" {
		t.Fatalf("expired: %v, want a", removed)
	}
	wantRoute(t, table, "T", "b(6×4) 0=b-0:10911")
}

func TestRenewTellsTheDataVersionThatIsKnown(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	if _, ok := table.Renew("a", "a-0:10911", start); ok {
		t.Fatal("an unknown broker is known")
	}
	register(t, table, broker("C", "a", 0, 7), over)
	want := protocol.DataVersion{Timestamp: 1, Counter: 7}
	if known, ok := table.Renew("a", "a-0:10911", start.Add(time.Hour)); !ok || known != want {
		t.Fatalf("known is %v, %v", known, ok)
	}
	if _, ok := table.Renew("a", "elsewhere:10911", start); ok {
		t.Fatal("another address is known")
	}
	if removed := table.Expire(start.Add(time.Hour), time.Minute); removed != nil {
		t.Fatalf("expired in spite of the renewal: %v", removed)
	}
}

func TestABrokerMayStateHowLongItLastsWithoutNews(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	hasty := broker("C", "hasty", 0, 1)
	hasty.HeartbeatTimeoutMillis = 10_000
	register(t, table, hasty, over)
	register(t, table, broker("C", "usual", 0, 1), over)
	if removed := table.Expire(start.Add(10*time.Second), 2*time.Minute); removed != nil {
		t.Fatalf("expired in time: %v", removed)
	}
	removed := table.Expire(start.Add(10*time.Second+1), 2*time.Minute)
	if len(removed) != 1 || removed[0].BrokerName != "hasty" {
		t.Fatalf("expired: %v", removed)
	}
}

func TestUnregister(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	register(t, table, broker("C", "a", 0, 1, topic("T", 4, 6)), over)
	if table.Unregister("a", "elsewhere:10911", start) {
		t.Fatal("the former master took its successor away")
	}
	if !table.Unregister("a", "a-0:10911", start) || table.Unregister("a", "a-0:10911", start) {
		t.Fatal("a registration is to be withdrawn once")
	}
	wantRoute(t, table, "T", "none")
}

func TestWritePermissions(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	register(t, table, broker("C", "a", 0, 1, topic("T", 4, 6), topic("Inherited", 8, 7)), over)
	register(t, table, broker("C", "b", 0, 1, topic("T", 4, 6)), over)
	if n := table.WipeWritePerm("a", start); n != 2 {
		t.Fatalf("wiped %d topics, want 2", n)
	}
	wantRoute(t, table, "T", "a(4×4) 0=a-0:10911; b(6×4) 0=b-0:10911")
	wantRoute(t, table, "Inherited", "a(5×8) 0=a-0:10911")
	register(t, table, broker("C", "a", 0, 1, topic("T", 4, 6)), over)
	wantRoute(t, table, "Inherited", "a(5×8) 0=a-0:10911") // a renewal leaves it wiped
	if n := table.AddWritePerm("a", start); n != 2 {
		t.Fatalf("added to %d topics, want 2", n)
	}
	wantRoute(t, table, "Inherited", "a(6×8) 0=a-0:10911")
	if n := table.WipeWritePerm("nobody", start); n != 0 {
		t.Fatalf("wiped %d topics of nobody", n)
	}
}

func TestTopicLists(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	register(t, table, broker("C1", "a", 0, 1, topic("T", 4, 6), topic("A", 4, 6)), over)
	register(t, table, broker("C2", "b", 0, 1, topic("T", 4, 6), topic("B", 4, 6)), over)
	for _, list := range []struct {
		of   string
		got  []string
		want string
	}{
		{"everything", table.Topics(), "[A B T]"},
		{"C1", table.TopicsOfCluster("C1"), "[A T]"},
		{"C2", table.TopicsOfCluster("C2"), "[B T]"},
		{"nowhere", table.TopicsOfCluster("nowhere"), "[]"},
	} {
		if got := fmt.Sprint(list.got); got != list.want {
			t.Errorf("topics of %s are %s, want %s", list.of, got, list.want)
		}
	}
	table.DeleteTopic("T", "C1")
	wantRoute(t, table, "T", "b(6×4) 0=b-0:10911")
	table.DeleteTopic("T", "")
	wantRoute(t, table, "T", "none")
	table.DeleteTopic("Nowhere", "")
	if got := fmt.Sprint(table.Topics()); got != "[A B]" {
		t.Errorf("topics are %s after one is deleted", got)
	}
}

func TestSlotIsOfTheShardAndGatewayOfTheNode(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	node := broker("C", "a", 0, 1)
	node.Gateway = true
	first := register(t, table, node, over)
	if first.Slot != 0 || !first.ShardsChanged || table.Shards()[0].Slot != noSlot {
		t.Fatalf("%+v, %+v", first, table.Shards())
	}
	node.Slot = recorded(0, 100)
	if done := register(t, table, node, over); done.Slot != 0 || !done.ShardsChanged {
		t.Fatalf("the recorded slot is no change: %+v", done)
	}
	if done := register(t, table, node, over); done.ShardsChanged {
		t.Fatalf("a renewal is a change: %+v", done)
	}
	java := register(t, table, broker("C", "a", 1, 1), over)
	if java.Slot != noSlot {
		t.Fatalf("a Java broker is told slot %d", java.Slot)
	}
	want := []Shard{{Cluster: "C", BrokerName: "a", Slot: 0, Nodes: []Node{
		{BrokerID: 0, Addr: "a-0:10911", HAServerAddr: "a-0:10912", Gateway: true},
		{BrokerID: 1, Addr: "a-1:10911", HAServerAddr: "a-1:10912"},
	}}}
	if got := table.Shards(); !reflect.DeepEqual(got, want) {
		t.Fatalf("shards are %+v, want %+v", got, want)
	}
}

func TestProposalsWaitUntilRecordsCanHaveBeenStated(t *testing.T) {
	table, over := NewTable(Bounds{Nodes: 100, Slots: 100, ProposeFrom: start.Add(time.Second)}), new(remoting.Channel)
	fresh, known := broker("C", "fresh", 0, 1), broker("C", "known", 0, 1)
	fresh.Gateway, known.Gateway = true, true
	known.Slot = recorded(0, 100)
	if done := register(t, table, fresh, over); done.Slot != noSlot || done.SlotWait != time.Second {
		t.Fatalf("a shard without a slot is told %+v", done)
	}
	if done := register(t, table, known, over); done.Slot != 0 || done.SlotWait != 0 {
		t.Fatalf("a shard with a record is told %+v", done)
	}
	done, err := table.Register(fresh, over, start.Add(time.Second))
	if err != nil || done.Slot != 1 || done.SlotWait != 0 {
		t.Fatalf("afterwards it is told %+v, %v", done, err)
	}
}

func TestWithoutSlotsNoneIsAssigned(t *testing.T) {
	table := NewTable(Bounds{Nodes: 100})
	node := broker("C", "a", 0, 1)
	node.Gateway, node.Slot = true, recorded(0, 100)
	if done := register(t, table, node, new(remoting.Channel)); done.Slot != noSlot || done.SlotRefused != nil || table.Shards()[0].Slot != noSlot {
		t.Fatalf("told %+v", done)
	}
}

func TestAShardThatIsAwayKeepsItsSlot(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	a, b := broker("C", "a", 0, 1), broker("C", "b", 0, 1)
	a.Gateway, b.Gateway = true, true
	a.Slot = recorded(0, 100)
	register(t, table, a, over)
	table.Closed(over, start)
	if done := register(t, table, b, over); done.Slot != 1 {
		t.Fatalf("b is told slot %d while a is away", done.Slot)
	}
}

func TestTableIsBounded(t *testing.T) {
	table, over := NewTable(Bounds{Nodes: 2, Slots: 100}), new(remoting.Channel)
	register(t, table, broker("C", "a", 0, 1), over)
	register(t, table, broker("C", "a", 1, 1), over)
	if _, err := table.Register(broker("C", "b", 0, 1), over, start); err != ErrTableFull {
		t.Fatalf("a third node of two: %v", err)
	}
	register(t, table, broker("C", "a", 1, 1), over)
	promoted := broker("C", "a", 2, 1)
	promoted.Addr = "a-1:10911"
	register(t, table, promoted, over) // it leaves its former id: no third node
	table.Unregister("a", "a-1:10911", start)
	register(t, table, broker("C", "b", 0, 1), over)
}

func TestASlaveOfOursAsksSoonAgainWhereItsMasterIs(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	slave := broker("C", "a", 1, 1)
	slave.Gateway = true
	register(t, table, slave, over)
	slave.Slot = recorded(0, 100)
	if done := register(t, table, slave, over); done.SlotWait != masterWait || done.MasterAddr != "" {
		t.Errorf("without a master it is told %+v", done)
	}
	register(t, table, broker("C", "a", 0, 1), over)
	if done := register(t, table, slave, over); done.SlotWait != 0 || done.MasterAddr != "a-0:10911" || done.HAServerAddr != "a-0:10912" {
		t.Errorf("with a master it is told %+v", done)
	}
	if done := register(t, table, broker("C", "java", 1, 1), over); done.SlotWait != 0 {
		t.Errorf("a Java slave is told %+v", done)
	}
}
