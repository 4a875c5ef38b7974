package consumequeue

import (
	"errors"
	"math"
	"testing"

	"gantry/storenode/vfs"
)

// TestExpiryKeepsTheMessagesBehindAGap: blanks stand for no place in the log.
func TestExpiryKeepsTheMessagesBehindAGap(t *testing.T) {
	mem := vfs.NewMem()
	qs := load(t, testConfig(mem), Bounds{Limit: math.MaxInt64})
	q := qs.FindOrAdd([]byte("T"), 0)
	put(t, q, 0, 3)
	q.FillGap(40)
	put(t, q, 40, 45)
	for keep := range 3 {
		if _, err := q.Expire(unit(keep).Physical); err != nil || q.Min() != Offset(keep) {
			t.Errorf("minimum %d of a log from message %d on: %v", q.Min(), keep, err)
		}
	}
	write(t, qs)
	if removed, err := q.Expire(unit(42).Physical); err != nil || q.Min() != 42 || removed == 0 {
		t.Errorf("minimum %d, %d files went: %v", q.Min(), removed, err)
	}
	if u, ok, err := q.Unit(42); err != nil || !ok || u != unit(42) {
		t.Errorf("first unit %+v, %v, %v", u, ok, err)
	}
	if removed, err := q.Expire(math.MaxInt64); err != nil || q.Min() != 45 || q.Max() != 45 {
		t.Errorf("everything expired: %d to %d, %d files went: %v", q.Min(), q.Max(), removed, err)
	}
}

// TestADamagedUnitDoesNotMoveTheMinimum past messages that are kept.
func TestADamagedUnitDoesNotMoveTheMinimum(t *testing.T) {
	for name, damaged := range map[string]Unit{
		"zeros":     {},
		"too early": {Physical: 1, Size: 50},
		"too far":   {Physical: 1 << 40, Size: 100},
	} {
		for at := range 30 {
			mem := vfs.NewMem()
			qs := load(t, testConfig(mem), Bounds{Limit: math.MaxInt64})
			q := qs.FindOrAdd([]byte("T"), 0)
			put(t, q, 0, 30)
			write(t, qs)
			path, offset := q.Place(Offset(at))
			file, err := mem.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := file.WriteAt(AppendUnit(nil, damaged), offset); err != nil {
				t.Fatal(err)
			}
			_, err = q.Expire(unit(20).Physical)
			var found *DamageError
			if err != nil && (!errors.As(err, &found) || found.From != Offset(at)) {
				t.Errorf("unit %d %s: %v", at, name, err)
			}
			if q.Min() > 20 || q.Max() != 30 || q.Min() < 20 && err == nil && q.Min() != Offset(at) {
				t.Errorf("unit %d %s: range %d to %d, %v", at, name, q.Min(), q.Max(), err)
			}
		}
	}
}
