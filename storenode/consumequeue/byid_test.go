package consumequeue

import (
	"slices"
	"testing"
)

func TestEveryQueueIDFindsWhatWasKeptForIt(t *testing.T) {
	ids := []int32{-1 << 31, -1, 0, 1, 7, lowIDs - 1, lowIDs, lowIDs + 1, 1<<31 - 1}
	var b ByID[int64]
	value := func(id int32) int64 { return int64(id) + 1<<40 }
	for _, id := range ids {
		if b.Get(id) != 0 {
			t.Errorf("queue %d is known before", id)
		}
		b.Set(id, value(id))
	}
	var all, want []int64
	for _, id := range ids {
		if got := b.Get(id); got != value(id) {
			t.Errorf("queue %d finds %d", id, got)
		}
		want = append(want, value(id))
	}
	for found := range b.All {
		all = append(all, found)
	}
	if slices.Sort(all); !slices.Equal(all, want) {
		t.Errorf("all are %v", all)
	}
	for i, id := range ids {
		if b.Empty() {
			t.Errorf("empty after %d of %d have gone", i, len(ids))
		}
		b.Set(id, 0)
	}
	if !b.Empty() || b.Get(7) != 0 {
		t.Error("something is left")
	}
}

func TestNothingIsKeptInNil(t *testing.T) {
	var b *ByID[int]
	if b.Get(0) != 0 || !b.Empty() {
		t.Error("nil holds something")
	}
}
