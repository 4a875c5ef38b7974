package nameserver

import (
	"cmp"
	"fmt"

	"gantry/membership"
)

// SlotError says why a claim was not granted.
type SlotError struct {
	Shard  string
	Claim  membership.SlotClaim
	Reason string
}

func (e *SlotError) Error() string {
	return fmt.Sprintf("slot %d of shard %s: %s", e.Claim.Slot, e.Shard, e.Reason)
}

// slotTable gives every shard one slot and every slot one shard. It is a core
// decision without clock, lock or network: Table calls it under its own lock.
//
// Slots never change meaning, so a shard that is gone keeps its slot for as
// long as this process lives; a node's record keeps it for longer. What the
// table proposed but no node has recorded yields to any record; of two records
// of one slot the earlier keeps it, and the other shard is proposed a new slot
// (design: how the gateway knows the shard).
type slotTable struct {
	shards map[string]*shardSlot
	owners map[int]string // slot → shard, the inverse of shards
	max    int            // slots are 0 … max-1
}

type shardSlot struct {
	claim    membership.SlotClaim
	recorded bool // some node of the shard has recorded claim.Slot
}

func newSlotTable(max int) *slotTable {
	return &slotTable{shards: map[string]*shardSlot{}, owners: map[int]string{}, max: max}
}

// register hears a node's claim and returns the slot its shard is to have:
// the one claimed, or another that the node must record and state instead. A
// shard without a slot is proposed one only where propose says so, else it gets
// NoSlot. The error, a *SlotError, is set where the claim was not granted or no
// slot is free; the slot is valid all the same.
func (t *slotTable) register(shard string, claim membership.SlotClaim, propose bool) (int, error) {
	var refused error
	if claim.Slot != membership.NoSlot {
		refused = t.claim(shard, claim)
	}
	if s := t.shards[shard]; s != nil {
		return s.claim.Slot, refused
	}
	if !propose {
		return membership.NoSlot, refused
	}
	slot := t.lowestFree()
	if slot == membership.NoSlot {
		return membership.NoSlot, cmp.Or[error](refused, &SlotError{shard, claim, "no slot is free"})
	}
	t.put(shard, &shardSlot{claim: membership.SlotClaim{Slot: slot}})
	return slot, refused
}

// recorded returns the slot that may be advertised for shard, or NoSlot.
func (t *slotTable) recorded(shard string) int {
	if s := t.shards[shard]; s != nil && s.recorded {
		return s.claim.Slot
	}
	return membership.NoSlot
}

// claim weighs a recorded claim against the shard's own earlier one, then
// against the slot's present owner.
func (t *slotTable) claim(shard string, claim membership.SlotClaim) error {
	if claim.Slot < 0 || claim.Slot >= t.max {
		return &SlotError{shard, claim, fmt.Sprintf("outside 0 … %d", t.max-1)}
	}
	mine := t.shards[shard]
	if mine != nil && mine.recorded && !replaces(claim, mine.claim) {
		return nil // a copy with a younger record follows its shard, told by the reply
	}
	if owner, taken := t.owners[claim.Slot]; taken && owner != shard {
		if t.keeps(owner, shard, claim) {
			return &SlotError{shard, claim, "recorded earlier by shard " + owner}
		}
		t.drop(owner)
	}
	t.drop(shard)
	t.put(shard, &shardSlot{claim: claim, recorded: true})
	return nil
}

// replaces reports whether c, another claim for the same shard, is to be
// believed instead of old: the operator's word first, then the earlier record.
// Of two words of the operator the later holds: shardSlot was changed.
func replaces(c, old membership.SlotClaim) bool {
	if c.Configured != old.Configured {
		return c.Configured
	}
	if c.Configured && c.Slot != old.Slot {
		return c.RecordedMillis > old.RecordedMillis
	}
	return c.RecordedMillis < old.RecordedMillis
}

// keeps reports whether owner's slot stays with it against a claim of rival.
// Clocks of two machines may tie; then the name decides, everywhere alike.
func (t *slotTable) keeps(owner, rival string, claim membership.SlotClaim) bool {
	own := t.shards[owner]
	if !own.recorded {
		return false
	}
	byRecord := cmp.Compare(own.claim.RecordedMillis, claim.RecordedMillis)
	return cmp.Or(byRecord, cmp.Compare(owner, rival)) < 0
}

func (t *slotTable) put(shard string, s *shardSlot) {
	t.shards[shard] = s
	t.owners[s.claim.Slot] = shard
}

func (t *slotTable) drop(shard string) {
	if s := t.shards[shard]; s != nil {
		delete(t.owners, s.claim.Slot)
		delete(t.shards, shard)
	}
}

func (t *slotTable) lowestFree() int {
	for slot := range t.max {
		if _, taken := t.owners[slot]; !taken {
			return slot
		}
	}
	return membership.NoSlot
}
