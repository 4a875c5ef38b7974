package nameserver

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"gantry/membership"
	"gantry/remoting"
)

// tell merges what from knows at a time into to, and returns what to made of it.
func tell(t *testing.T, to, from *Table, at time.Time) Merged {
	t.Helper()
	var heard account
	if err := heard.decode(from.account(at).encode()); err != nil {
		t.Fatal(err)
	}
	return to.merge(heard, lasts, at)
}

const lasts = 2 * time.Minute

func gateway(name string, id int64, slot int, recorded time.Time) membership.Registration {
	r := broker("C", name, id, 1, topic("T", 4, 6))
	r.Gateway, r.Slot = true, membership.SlotClaim{Slot: slot, RecordedMillis: recorded.UnixMilli()}
	return r
}

func TestANewNameServerKnowsAtOnceWhatAnotherKnows(t *testing.T) {
	old, young := newTable(), newTable()
	long := start.Add(-time.Hour)
	register(t, old, gateway("a", 0, 3, long), new(remoting.Channel))
	register(t, old, gateway("a", 1, 3, long), new(remoting.Channel))
	b := broker("D", "b", 0, 7, topic("OnlyB", 16, 4))
	for n := range 2000 {
		name := fmt.Sprintf("Topic%04d", n)
		b.Topics[name] = topic(name, 8, 6)
	}
	b.HeartbeatTimeoutMillis, b.ZoneName = 9000, "zone"
	register(t, old, b, new(remoting.Channel))
	old.WipeWritePerm("b", start)
	merged := tell(t, young, old, start.Add(time.Second))
	if !merged.ShardsChanged || len(merged.Taken) != 3 || merged.Doubtful != nil {
		t.Errorf("merged %+v", merged)
	}
	if got, want := young.Shards(), old.Shards(); !reflect.DeepEqual(got, want) {
		t.Errorf("it knows\n%+v, the other\n%+v", got, want)
	}
	if got, want := young.Topics(), old.Topics(); len(got) != 2002 || !reflect.DeepEqual(got, want) {
		t.Errorf("it knows %d topics, the other %d", len(got), len(want))
	}
	for _, name := range old.Topics() {
		wantRoute(t, young, name, describe(old, name))
	}
	if again := tell(t, young, old, start.Add(2*time.Second)); again.ShardsChanged || again.Taken != nil {
		t.Errorf("told again it made of it %+v", again)
	}
}

func TestANodesOwnRegistrationCountsMoreThanWhatIsToldOfIt(t *testing.T) {
	old, young, own := newTable(), newTable(), new(remoting.Channel)
	register(t, old, broker("C", "a", 0, 1, topic("T", 4, 6)), new(remoting.Channel))
	tell(t, young, old, start)
	register(t, young, broker("C", "a", 0, 2, topic("T", 8, 6)), own)
	wantRoute(t, young, "T", "a(6×8) 0=a-0:10911")
	moved := broker("C", "a", 0, 3, topic("T", 16, 6))
	moved.Addr = "elsewhere:10911"
	if _, err := old.Register(moved, new(remoting.Channel), start.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	tell(t, young, old, start.Add(time.Minute))
	wantRoute(t, young, "T", "a(6×8) 0=a-0:10911")
	if gone := young.Closed(own, start.Add(2*time.Minute)); len(gone) != 1 {
		t.Fatalf("its connection ended %v", gone)
	}
	wantRoute(t, young, "T", "none")
}

func TestTopicsAreTheMastersThatIsKnownBest(t *testing.T) {
	old, young := newTable(), newTable()
	slave := broker("C", "a", 1, 9, topic("T", 1, 6))
	slave.StatesActingMaster = true
	register(t, old, slave, new(remoting.Channel))
	wantRoute(t, old, "T", "a(6×1) 1=a-1:10911")
	register(t, young, broker("C", "a", 0, 1, topic("T", 4, 6)), new(remoting.Channel))
	tell(t, young, old, start)
	wantRoute(t, young, "T", "a(6×4) 0=a-0:10911 1=a-1:10911")
}

func TestWhatEndedIsNotBroughtBackByWhoHasNotNoticed(t *testing.T) {
	here, there, own := newTable(), newTable(), new(remoting.Channel)
	register(t, here, broker("C", "a", 0, 1, topic("T", 4, 6)), own)
	register(t, there, broker("C", "a", 0, 1, topic("T", 4, 6)), new(remoting.Channel))
	here.Closed(own, start.Add(10*time.Second))
	tell(t, here, there, start.Add(11*time.Second))
	wantRoute(t, here, "T", "none")
	if _, err := there.Register(broker("C", "a", 0, 1), new(remoting.Channel), start.Add(12*time.Second)); err != nil {
		t.Fatal(err)
	}
	tell(t, here, there, start.Add(13*time.Second)) // it has renewed there since: it lives
	wantRoute(t, here, "T", "a(6×4) 0=a-0:10911")
}

func TestWhatEndedElsewhereIsDoubtedWhereItIsSecondHand(t *testing.T) {
	here, there, third, own := newTable(), newTable(), newTable(), new(remoting.Channel)
	register(t, there, broker("C", "a", 0, 1), own)
	tell(t, here, there, start)
	register(t, third, broker("C", "a", 0, 1), new(remoting.Channel))
	there.Closed(own, start.Add(time.Second))
	if m := tell(t, here, there, start.Add(2*time.Second)); !reflect.DeepEqual(m.Doubtful, []NodeAddr{{NodeID{"a", 0}, "a-0:10911"}}) {
		t.Errorf("it made of it %+v", m)
	}
	if m := tell(t, third, there, start.Add(2*time.Second)); m.Doubtful != nil {
		t.Errorf("its own registration is doubted: %+v", m)
	}
	if len(here.Shards()) != 1 {
		t.Error("the word alone ended it")
	}
}

func TestWhatGoesRoundBecomesNoYounger(t *testing.T) {
	first := newTable()
	register(t, first, broker("C", "a", 0, 1, topic("T", 4, 6)), new(remoting.Channel))
	b, c := newTable(), newTable()
	tell(t, b, first, start)
	const way = 300 * time.Millisecond // that an account takes to arrive
	for at := start; at.Before(start.Add(lasts + time.Second)); at = at.Add(time.Second) {
		for _, pair := range [][2]*Table{{b, c}, {c, b}} {
			told := pair[0].account(at)
			pair[1].merge(told, lasts, at.Add(way))
			pair[1].Expire(at.Add(way), lasts)
		}
	}
	b.Expire(start.Add(lasts+2*time.Second), lasts)
	c.Expire(start.Add(lasts+2*time.Second), lasts)
	wantRoute(t, b, "T", "none")
	wantRoute(t, c, "T", "none")
}

func TestWhatNobodyRenewsEndsEverywhereAlike(t *testing.T) {
	old, young := newTable(), newTable()
	heartbeats := broker("C", "b", 0, 1, topic("T", 4, 6))
	heartbeats.HeartbeatTimeoutMillis = 10_000
	register(t, old, heartbeats, new(remoting.Channel))
	register(t, old, broker("C", "a", 0, 1, topic("T", 4, 6)), new(remoting.Channel))
	tell(t, young, old, start.Add(9*time.Second))
	wantRoute(t, young, "T", "a(6×4) 0=a-0:10911; b(6×4) 0=b-0:10911")
	young.Expire(start.Add(10*time.Second+1), lasts)
	wantRoute(t, young, "T", "a(6×4) 0=a-0:10911")
	tell(t, young, old, start.Add(11*time.Second)) // where it is too old by now
	wantRoute(t, young, "T", "a(6×4) 0=a-0:10911")
	young.Expire(start.Add(lasts), lasts)
	wantRoute(t, young, "T", "a(6×4) 0=a-0:10911")
	young.Expire(start.Add(lasts+1), lasts)
	wantRoute(t, young, "T", "none")
}

func TestASecondHandSlotIsAdvertisedOnceItIsOld(t *testing.T) {
	contested := func() *Table { return NewTable(Bounds{Nodes: 100, Slots: 100, Contest: 500 * time.Millisecond}) }
	old, young := contested(), contested()
	register(t, old, gateway("a", 0, 3, start.Add(-time.Hour)), new(remoting.Channel))
	register(t, old, gateway("b", 0, 4, start), new(remoting.Channel))
	tell(t, young, old, start.Add(100*time.Millisecond))
	for name, want := range map[string]int{"a": 3, "b": noSlot} {
		if shard, _ := young.Shard(name); shard.Slot != want {
			t.Errorf("shard %s has slot %d, want %d", name, shard.Slot, want)
		}
	}
	register(t, young, gateway("c", 0, noSlot, start), new(remoting.Channel))
	if claim, _ := young.slots.recorded("c"); claim.Slot != noSlot || young.slots.owners[4] != "b" {
		t.Errorf("slot 4, which b states, is c's: %v", young.slots.owners)
	}
}

func TestOfTwoSlotsTheEarlierRecordKeepsItsOwn(t *testing.T) {
	old, young := newTable(), newTable()
	register(t, old, gateway("a", 0, 3, start.Add(-time.Hour)), new(remoting.Channel))
	register(t, young, gateway("b", 0, 3, start.Add(-time.Minute)), new(remoting.Channel))
	if m := tell(t, young, old, start); !m.ShardsChanged {
		t.Errorf("it made of it %+v", m)
	}
	if a, _ := young.Shard("a"); a.Slot != 3 {
		t.Errorf("a, recorded earlier, has slot %d", a.Slot)
	}
	if b, _ := young.Shard("b"); b.Slot != noSlot {
		t.Errorf("b has slot %d", b.Slot)
	}
}

func TestSecondHandRegistrationsAreBoundedToo(t *testing.T) {
	old, young := newTable(), NewTable(Bounds{Nodes: 5, Slots: 5})
	for n := range 20 {
		over := new(remoting.Channel)
		register(t, old, broker("C", fmt.Sprint("n", n), 0, 1), over)
		if n >= 10 {
			old.Closed(over, start)
		}
	}
	tell(t, young, old, start)
	if got := len(young.Shards()); got != 5 {
		t.Errorf("%d shards", got)
	}
	for n := range 20 {
		over := new(remoting.Channel)
		young.Register(broker("C", fmt.Sprint("n", n), 1, 1), over, start)
		young.Closed(over, start)
	}
	if len(young.ended) > 5 {
		t.Errorf("%d ends are remembered", len(young.ended))
	}
	young.Expire(start.Add(lasts+1), lasts)
	young.Expire(start.Add(2*lasts+2), lasts)
	if len(young.ended) != 0 {
		t.Errorf("%d ends are remembered for ever", len(young.ended))
	}
}

func FuzzMerge(f *testing.F) {
	full := newTable()
	full.Register(gateway("a", 0, 3, start), new(remoting.Channel), start)
	over := new(remoting.Channel)
	full.Register(broker("C", "b", 0, 3), over, start)
	full.Closed(over, start)
	f.Add(full.account(start).encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, told []byte) {
		var a account
		if a.decode(told) != nil {
			return
		}
		table := newTable()
		table.merge(a, lasts, start)
		table.merge(a, lasts, start)
		for _, name := range table.Topics() {
			if route, ok := table.Route(name); !ok || len(route.Shards[0].Nodes) == 0 {
				t.Errorf("topic %q has the route %+v", name, route)
			}
		}
		table.Expire(start.Add(200*365*24*time.Hour), lasts)
	})
}
