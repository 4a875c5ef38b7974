package nameserver

import (
	"cmp"
	"fmt"
	"time"

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
//
// Several name servers propose without knowing of each other. A node records the
// first proposal it hears and states that to all. So a young record may meet an
// earlier one that is on its way still: it may be advertised once it has stood
// for contest, and is stated again.
type slotTable struct {
	shards  map[string]*shardSlot
	owners  map[int]string // slot → shard, the inverse of shards
	max     int            // slots are 0 … max-1
	contest time.Duration
}

type shardSlot struct {
	claim      membership.SlotClaim
	recorded   bool      // some node of the shard has recorded claim.Slot
	by         int64     // brokerId of the node whose record it is
	ripe       time.Time // when the record has stood for long enough
	advertised bool      // it was stated since
}

// statement is what a node says of its shard's slot, and when that is heard.
type statement struct {
	shard string
	by    int64 // its brokerId
	claim membership.SlotClaim
	at    time.Time
}

func newSlotTable(max int, contest time.Duration) *slotTable {
	return &slotTable{shards: map[string]*shardSlot{}, owners: map[int]string{}, max: max, contest: contest}
}

// register hears a node and returns the slot its shard is to have: the one
// claimed, or another that the node must record and state instead; and how long
// to wait before it is to state it again, if at all. A shard without a slot is
// proposed one only where propose says so, else it gets NoSlot. The error, a
// *SlotError, is set where the claim was not granted or no slot is free; the slot
// is valid all the same.
func (t *slotTable) register(said statement, propose bool) (slot int, again time.Duration, refused error) {
	if said.claim.Slot != membership.NoSlot {
		refused = t.claim(said)
	}
	if s := t.shards[said.shard]; s != nil {
		return s.claim.Slot, s.ripen(said.at), refused
	}
	if !propose {
		return membership.NoSlot, 0, refused
	}
	slot = t.propose(said)
	if slot == membership.NoSlot {
		return slot, 0, cmp.Or[error](refused, &SlotError{said.shard, said.claim, "no slot is free"})
	}
	return slot, 0, refused
}

// advertised returns the slot that clients may be told for shard, or NoSlot.
func (t *slotTable) advertised(shard string) int {
	if s := t.shards[shard]; s != nil && s.advertised {
		return s.claim.Slot
	}
	return membership.NoSlot
}

// recorded returns the claim that shard's slot rests on and the node that made
// it; NoSlot where no node has recorded one.
func (t *slotTable) recorded(shard string) (claim membership.SlotClaim, by int64) {
	if s := t.shards[shard]; s != nil && s.recorded {
		return s.claim, s.by
	}
	return membership.SlotClaim{Slot: membership.NoSlot}, 0
}

// ripen lets a record be advertised that has stood for long enough, and returns
// how long it has to stand still.
func (s *shardSlot) ripen(now time.Time) (left time.Duration) {
	if !s.recorded || s.advertised {
		return 0
	}
	left = max(s.ripe.Sub(now), 0)
	s.advertised = left == 0
	return left
}

// claim weighs a recorded claim against the shard's own earlier one, then
// against the slot's present owner.
func (t *slotTable) claim(said statement) error {
	if said.claim.Slot < 0 || said.claim.Slot >= t.max {
		return &SlotError{said.shard, said.claim, fmt.Sprintf("outside 0 … %d", t.max-1)}
	}
	mine := t.shards[said.shard]
	if mine != nil && mine.recorded && !mine.yieldsTo(said) {
		return nil // a copy with a younger record follows its shard, told by the reply
	}
	if owner, taken := t.owners[said.claim.Slot]; taken && owner != said.shard {
		if t.keeps(owner, said) {
			if mine != nil && mine.left(said) {
				t.drop(said.shard)
			}
			return &SlotError{said.shard, said.claim, "recorded earlier by shard " + owner}
		}
		t.drop(owner)
	}
	t.drop(said.shard)
	t.put(said.shard, t.record(said, mine))
	return nil
}

// record is the shard's slot from now on; before is what it had, or nil.
func (t *slotTable) record(said statement, before *shardSlot) *shardSlot {
	s := &shardSlot{claim: said.claim, recorded: true, by: said.by, ripe: said.at.Add(t.contest)}
	known := before != nil && before.recorded && before.claim.Slot == said.claim.Slot
	old := said.at.Sub(time.UnixMilli(said.claim.RecordedMillis)) >= t.contest
	switch {
	case known:
		s.ripe, s.advertised = before.ripe, before.advertised
	case said.claim.Configured || (before == nil && old):
		s.ripe = said.at
	}
	return s
}

// yieldsTo reports whether another claim for the same shard is to be believed
// instead: a newer word of the same node; of others the operator's word first,
// then the earlier record. Of two words of the operator the later holds:
// shardSlot was changed.
func (s *shardSlot) yieldsTo(said statement) bool {
	c, old := said.claim, s.claim
	switch {
	case said.by == s.by:
		return c != old
	case c.Configured != old.Configured:
		return c.Configured
	case c.Configured && c.Slot != old.Slot:
		return c.RecordedMillis > old.RecordedMillis
	}
	return c.RecordedMillis < old.RecordedMillis
}

// left reports whether a node that claims another slot holds s no longer: some
// other name server has refused it. Where the operator's word is what it claims
// its clients are better served where they know it.
func (s *shardSlot) left(said statement) bool {
	return s.recorded && s.by == said.by && !said.claim.Configured
}

// keeps reports whether owner's slot stays with it against a claim of a rival.
// Clocks of two machines may tie; then the name decides, everywhere alike.
func (t *slotTable) keeps(owner string, rival statement) bool {
	own := t.shards[owner]
	if !own.recorded {
		return false
	}
	byRecord := cmp.Compare(own.claim.RecordedMillis, rival.claim.RecordedMillis)
	return cmp.Or(byRecord, cmp.Compare(owner, rival.shard)) < 0
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

// propose gives the shard the lowest free slot, of those above a claim that was
// refused: a shard that several name servers refuse climbs to where all agree.
func (t *slotTable) propose(said statement) int {
	slot := t.lowestFree(said.claim.Slot + 1)
	if slot == membership.NoSlot {
		slot = t.lowestFree(0)
	}
	if slot != membership.NoSlot {
		t.put(said.shard, &shardSlot{claim: membership.SlotClaim{Slot: slot}})
	}
	return slot
}

func (t *slotTable) lowestFree(from int) int {
	for slot := max(from, 0); slot < t.max; slot++ {
		if _, taken := t.owners[slot]; !taken {
			return slot
		}
	}
	return membership.NoSlot
}
