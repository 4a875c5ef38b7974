package nameserver

import (
	"errors"
	"fmt"
	"testing"

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

// A slotStep is one registration and what the table says to it.
type slotStep struct {
	shard      string
	claim      membership.SlotClaim
	told       int // the slot in the reply
	advertised int // the slot clients may be told of afterwards
	refused    bool
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
			{shard: "a", claim: recorded(5, 200), told: 4, advertised: 4},
			{shard: "a", claim: recorded(3, 50), told: 3, advertised: 3},
		}},
		{"the operator's word moves a shard, and its copies with it", []slotStep{
			{shard: "a", claim: recorded(0, 100), told: 0, advertised: 0},
			{shard: "a", claim: configured(7, 300), told: 7, advertised: 7},
			{shard: "a", claim: recorded(0, 100), told: 7, advertised: 7},
			{shard: "a", claim: configured(8, 400), told: 8, advertised: 8},
			{shard: "a", claim: configured(7, 300), told: 8, advertised: 8},
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
			slots := newSlotTable(9)
			for i, step := range story.steps {
				told, err := slots.register(step.shard, step.claim, true)
				if told != step.told || (err != nil) != step.refused {
					t.Fatalf("step %d: %s states %+v: told %d (%v), want %d", i+1, step.shard, step.claim, told, err, step.told)
				}
				if got := slots.recorded(step.shard); got != step.advertised {
					t.Fatalf("step %d: slot %d of %s may be advertised, want %d", i+1, got, step.shard, step.advertised)
				}
				checkSlots(t, slots)
			}
		})
	}
}

func TestWithoutProposalsOnlyRecordsCount(t *testing.T) {
	slots := newSlotTable(9)
	for i, step := range []slotStep{
		{shard: "new", claim: none, told: noSlot},
		{shard: "a", claim: recorded(0, 100), told: 0},
		{shard: "a", claim: none, told: 0},
		{shard: "b", claim: recorded(0, 200), told: noSlot, refused: true},
	} {
		told, err := slots.register(step.shard, step.claim, false)
		if told != step.told || (err != nil) != step.refused {
			t.Errorf("step %d: %s states %+v: told %d (%v), want %d", i+1, step.shard, step.claim, told, err, step.told)
		}
		checkSlots(t, slots)
	}
}

func TestSlotsRunOut(t *testing.T) {
	slots := newSlotTable(2)
	for i, want := range []int{0, 1, noSlot} {
		told, err := slots.register(fmt.Sprint("shard", i), none, true)
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
		slots := newSlotTable(3)
		for i, b := range script {
			claim := membership.SlotClaim{Slot: int(b>>2&7) - 2, RecordedMillis: int64(b >> 5), Configured: i%7 == 6}
			shard := string(rune('a' + b&3))
			told, _ := slots.register(shard, claim, i%5 != 4)
			if advertised := slots.recorded(shard); advertised != noSlot && advertised != told {
				t.Fatalf("told %d but %d is advertised", told, advertised)
			}
			checkSlots(t, slots)
		}
	})
}
