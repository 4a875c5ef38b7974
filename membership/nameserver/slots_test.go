package nameserver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"gantry/membership"
)

const noSlot = membership.NoSlot

// none is what a node states that has recorded no slot yet.
var none = membership.SlotClaim{Slot: noSlot}

func recorded(slot int, millis int64) membership.SlotClaim {
	return membership.SlotClaim{Slot: slot, RecordedMillis: millis}
}

func configured(slot int, millis int64) membership.SlotClaim {
	return membership.SlotClaim{Slot: slot, RecordedMillis: millis, Configured: true}
}

// contest is how long a young record must stand in these tests.
const contest = 500 * time.Millisecond

// A slotStep is one registration and what the table says to it.
type slotStep struct {
	shard      string
	by         int64 // the node's brokerId
	claim      membership.SlotClaim
	told       int // the slot in the reply
	advertised int // the slot clients may be told of once it has stood uncontested
	refused    bool
}

// register plays a step at a time, and again as the node does where it is told to.
func (step slotStep) register(t *testing.T, slots *slotTable, at time.Time, propose bool) (end time.Time) {
	t.Helper()
	told, again, err := slots.register(statement{step.shard, step.by, step.claim, at}, propose)
	if told != step.told || (err != nil) != step.refused {
		t.Fatalf("%s states %+v: told %d (%v), want %d", step.shard, step.claim, told, err, step.told)
	}
	if again > 0 && slots.advertised(step.shard) != noSlot {
		t.Fatalf("slot %d of %s is advertised and contested", told, step.shard)
	}
	if again > 0 {
		at = at.Add(again)
		slots.register(statement{step.shard, step.by, step.claim, at}, propose)
	}
	checkSlots(t, slots)
	return at
}

func TestSlots(t *testing.T) {
	for _, story := range []struct {
		name  string
		steps []slotStep
	}{
		{"a first registration is proposed the lowest free slot, advertised only once recorded", []slotStep{
			{shard: "a", claim: none, told: 0, advertised: noSlot},
			{shard: "b", claim: none, told: 1, advertised: noSlot},
			{shard: "a", claim: recorded(0, 100), told: 0, advertised: 0},
			{shard: "c", claim: recorded(2, 90), told: 2, advertised: 2},
			{shard: "d", claim: none, told: 3, advertised: noSlot},
		}},
		{"a proposal is repeated until it is recorded", []slotStep{
			{shard: "a", claim: none, told: 0, advertised: noSlot},
			{shard: "a", claim: none, told: 0, advertised: noSlot},
		}},
		{"a record wins against another shard's proposal", []slotStep{
			{shard: "a", claim: none, told: 0, advertised: noSlot},
			{shard: "b", claim: recorded(0, 100), told: 0, advertised: 0},
			{shard: "a", claim: none, told: 1, advertised: noSlot},
		}},
		{"of two records the earlier keeps the slot and the other is given a new one", []slotStep{
			{shard: "a", claim: recorded(0, 100), told: 0, advertised: 0},
			{shard: "b", claim: recorded(0, 200), told: 1, advertised: noSlot, refused: true},
			{shard: "b", claim: recorded(1, 300), told: 1, advertised: 1},
			{shard: "a", claim: recorded(0, 100), told: 0, advertised: 0},
		}},
		{"the earlier record takes the slot also when it is heard of later", []slotStep{
			{shard: "b", claim: recorded(0, 200), told: 0, advertised: 0},
			{shard: "a", claim: recorded(0, 100), told: 0, advertised: 0},
			{shard: "b", claim: recorded(0, 200), told: 1, advertised: noSlot, refused: true},
			{shard: "b", claim: recorded(1, 300), told: 1, advertised: 1},
		}},
		{"records of the same millisecond go by name, whoever comes first", []slotStep{
			{shard: "b", claim: recorded(0, 100), told: 0, advertised: 0},
			{shard: "a", claim: recorded(0, 100), told: 0, advertised: 0},
			{shard: "b", claim: recorded(0, 100), told: 1, advertised: noSlot, refused: true},
		}},
		{"a copy without a record learns its shard's slot", []slotStep{
			{shard: "a", claim: recorded(4, 100), told: 4, advertised: 4},
			{shard: "a", claim: none, told: 4, advertised: 4},
		}},
		{"copies that disagree follow the earlier record", []slotStep{
			{shard: "a", claim: recorded(4, 100), told: 4, advertised: 4},
			{shard: "a", by: 1, claim: recorded(5, 200), told: 4, advertised: 4},
			{shard: "a", by: 2, claim: recorded(3, 50), told: 3, advertised: 3},
		}},
		{"a node that another name server moved is followed", []slotStep{
			{shard: "a", claim: recorded(4, 100), told: 4, advertised: 4},
			{shard: "a", claim: recorded(5, 200), told: 5, advertised: 5},
			{shard: "b", claim: none, told: 0, advertised: noSlot},
			{shard: "c", claim: recorded(4, 300), told: 4, advertised: 4},
		}},
		{"a node that was moved to a slot that is taken here climbs on", []slotStep{
			{shard: "a", claim: recorded(0, 100), told: 0, advertised: 0},
			{shard: "b", claim: recorded(2, 100), told: 2, advertised: 2},
			{shard: "c", claim: recorded(0, 200), told: 1, advertised: noSlot, refused: true},
			{shard: "c", claim: recorded(1, 300), told: 1, advertised: 1},
			{shard: "c", claim: recorded(2, 400), told: 3, advertised: noSlot, refused: true}, // where 1 is taken
			{shard: "c", claim: recorded(3, 500), told: 3, advertised: 3},
		}},
		{"the operator's word moves a shard, and its copies with it", []slotStep{
			{shard: "a", claim: recorded(0, 100), told: 0, advertised: 0},
			{shard: "a", claim: configured(7, 300), told: 7, advertised: 7},
			{shard: "a", by: 1, claim: recorded(0, 100), told: 7, advertised: 7},
			{shard: "a", claim: configured(8, 400), told: 8, advertised: 8},
			{shard: "a", by: 1, claim: configured(7, 300), told: 8, advertised: 8},
		}},
		{"the operator's word does not take a slot that another shard's clients know", []slotStep{
			{shard: "a", claim: recorded(0, 100), told: 0, advertised: 0},
			{shard: "b", claim: configured(0, 300), told: 1, advertised: noSlot, refused: true},
			{shard: "c", claim: recorded(2, 50), told: 2, advertised: 2},
			{shard: "c", claim: configured(0, 300), told: 2, advertised: 2, refused: true},
		}},
		{"a claim outside the port plan is refused", []slotStep{
			{shard: "a", claim: recorded(9, 100), told: 0, advertised: noSlot, refused: true},
			{shard: "b", claim: recorded(-2, 100), told: 1, advertised: noSlot, refused: true},
		}},
	} {
		t.Run(story.name, func(t *testing.T) {
			slots, now := newSlotTable(9, contest), start
			for i, step := range story.steps {
				now = step.register(t, slots, now, true)
				if got := slots.advertised(step.shard); got != step.advertised {
					t.Fatalf("step %d: slot %d of %s may be advertised, want %d", i+1, got, step.shard, step.advertised)
				}
			}
		})
	}
}

func TestWithoutProposalsOnlyRecordsCount(t *testing.T) {
	slots := newSlotTable(9, contest)
	for _, step := range []slotStep{
		{shard: "new", claim: none, told: noSlot},
		{shard: "a", claim: recorded(0, 100), told: 0},
		{shard: "a", claim: none, told: 0},
		{shard: "b", claim: recorded(0, 200), told: noSlot, refused: true},
	} {
		step.register(t, slots, start, false)
	}
}

func TestAYoungRecordIsAdvertisedOnceNobodyContestsIt(t *testing.T) {
	now := start.UnixMilli()
	for name, row := range map[string]struct {
		before *membership.SlotClaim // heard 10 ms earlier
		claim  membership.SlotClaim
		waits  time.Duration
	}{
		"a record of just now":                    {nil, recorded(0, now), contest},
		"a record by a clock that is ahead":       {nil, recorded(0, now+5000), contest},
		"the record of a proposal of ours":        {&none, recorded(0, now-5000), contest},
		"a record of long ago":                    {nil, recorded(0, now-5000), 0},
		"a slot that another name server gave":    {&membership.SlotClaim{Slot: 1, RecordedMillis: 100}, recorded(0, now), contest},
		"the operator's word":                     {nil, configured(0, now), 0},
		"a renewal of what has stood for a while": {&membership.SlotClaim{Slot: 0, RecordedMillis: 100}, recorded(0, 100), 0},
	} {
		slots := newSlotTable(9, contest)
		if row.before != nil {
			slots.register(statement{"a", 0, *row.before, start.Add(-10 * time.Millisecond)}, true)
		}
		for _, later := range []time.Duration{0, row.waits - 1, row.waits} {
			_, again, err := slots.register(statement{"a", 0, row.claim, start.Add(max(later, 0))}, true)
			if want := row.waits - max(later, 0); again != want || err != nil {
				t.Errorf("%s: after %v it is to be stated again in %v, want %v (%v)", name, later, again, want, err)
			}
			if got := slots.advertised("a") != noSlot; got != (again == 0) {
				t.Errorf("%s: after %v advertised: %v", name, later, got)
			}
		}
	}
}

func TestTheLoserOfAContestWasNeverAdvertised(t *testing.T) {
	slots, now := newSlotTable(9, contest), start.UnixMilli()
	slots.register(statement{"a", 0, recorded(0, now), start}, true)
	slots.register(statement{"b", 0, recorded(0, now-20), start.Add(100 * time.Millisecond)}, true) // on its way when a was heard
	told, _, err := slots.register(statement{"a", 0, recorded(0, now), start.Add(contest)}, true)
	if told != 1 || err == nil || slots.advertised("a") != noSlot {
		t.Errorf("a is told %d (%v) and advertised at %d", told, err, slots.advertised("a"))
	}
}

// TestNameServersAgree plays nodes that register with several name servers, none
// of which knows of the others, in random order: every shard ends with a slot of
// its own that all advertise alike, and no advertised slot has ever changed.
func TestNameServersAgree(t *testing.T) {
	for seed := range uint64(200) {
		w := newSlotWorld(3, 4, seed)
		for round := 0; !w.settled(); round++ {
			if round == 200 {
				t.Fatalf("seed %d: no agreement: %+v", seed, w.nodes)
			}
			if moved := w.step(); moved != "" {
				t.Fatalf("seed %d: %s", seed, moved)
			}
		}
	}
}

// slotWorld is some name servers and the nodes of shards.
type slotWorld struct {
	rand   *rand.Rand
	now    time.Time
	tables []*slotTable
	nodes  []membership.SlotClaim
	shown  []map[string]int // per name server, what clients have seen
}

func newSlotWorld(nameServers, shards int, seed uint64) *slotWorld {
	w := &slotWorld{rand: rand.New(rand.NewPCG(seed, 0)), now: start}
	for range nameServers {
		w.tables, w.shown = append(w.tables, newSlotTable(9, contest)), append(w.shown, map[string]int{})
	}
	for range shards {
		w.nodes = append(w.nodes, none)
	}
	return w
}

// step lets every node register with every name server, in any order: as soon as
// one has recorded another slot it states that everywhere, as the registrar does.
func (w *slotWorld) step() (moved string) {
	for _, i := range w.rand.Perm(len(w.tables) * len(w.nodes)) {
		ns, node := i%len(w.tables), i/len(w.tables)
		w.now = w.now.Add(time.Duration(w.rand.IntN(3)) * time.Millisecond)
		said := w.nodes[node]
		told, _, _ := w.tables[ns].register(statement{shardName(node), 0, said, w.now}, true)
		if told != said.Slot {
			w.nodes[node] = membership.SlotClaim{Slot: told, RecordedMillis: w.now.UnixMilli()}
		}
		if slot := w.tables[ns].advertised(shardName(node)); slot != noSlot {
			if before, seen := w.shown[ns][shardName(node)]; seen && before != slot {
				return fmt.Sprintf("clients saw %s at slot %d and at %d", shardName(node), before, slot)
			}
			w.shown[ns][shardName(node)] = slot
		}
	}
	w.now = w.now.Add(100 * time.Millisecond)
	return ""
}

func shardName(node int) string { return string(rune('a' + node)) }

// settled reports whether all advertise every shard where its node is.
func (w *slotWorld) settled() bool {
	for _, table := range w.tables {
		for node, claim := range w.nodes {
			if table.advertised(shardName(node)) != claim.Slot || claim.Slot == noSlot {
				return false
			}
		}
	}
	return true
}

func TestSlotsRunOut(t *testing.T) {
	slots := newSlotTable(2, contest)
	for i, want := range []int{0, 1, noSlot} {
		told, _, err := slots.register(statement{fmt.Sprint("shard", i), 0, none, start}, true)
		if told != want {
			t.Fatalf("shard%d: told %d, want %d", i, told, want)
		}
		var full *SlotError
		if errors.As(err, &full) != (want == noSlot) {
			t.Fatalf("shard%d: error %v", i, err)
		}
	}
}

// checkSlots holds what must hold after every step: one shard a slot.
func checkSlots(t *testing.T, slots *slotTable) {
	t.Helper()
	if len(slots.owners) != len(slots.shards) {
		t.Fatalf("%d slots are owned by %d shards", len(slots.owners), len(slots.shards))
	}
	for shard, s := range slots.shards {
		if owner := slots.owners[s.claim.Slot]; owner != shard {
			t.Fatalf("slot %d of %s is owned by %q", s.claim.Slot, shard, owner)
		}
	}
}

// FuzzSlots plays random registrations of four shards on three slots: no slot
// is ever advertised for two shards, and none is lost.
func FuzzSlots(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 17, 34, 51, 68, 200, 255})
	f.Fuzz(func(t *testing.T, script []byte) {
		slots := newSlotTable(3, contest)
		for i, b := range script {
			claim := membership.SlotClaim{Slot: int(b>>2&7) - 2, RecordedMillis: int64(b >> 5), Configured: i%7 == 6}
			shard := string(rune('a' + b&3))
			told, _, _ := slots.register(statement{shard, int64(b >> 3 & 1), claim, start.Add(time.Duration(i) * contest / 2)}, i%5 != 4)
			if advertised := slots.advertised(shard); advertised != noSlot && advertised != told {
				t.Fatalf("told %d but %d is advertised", told, advertised)
			}
			checkSlots(t, slots)
		}
	})
}
