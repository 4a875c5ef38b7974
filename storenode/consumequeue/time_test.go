package consumequeue

import (
	"math/rand/v2"
	"testing"

	"gantry/storenode/vfs"
)

// storedAt is the time of each record of unit(n): every 10 ms one.
func storedAt(_ Offset, u Unit) (int64, bool, error) {
	return 1000 + int64(u.Physical)/100*10, true, nil
}

func TestOffsetByTime(t *testing.T) {
	qs := load(t, testConfig(vfs.NewMem()), everything)
	q := qs.FindOrAdd([]byte("T"), 0)
	if got, err := q.OffsetByTime(1000, 0, storedAt); got != 0 || err != nil {
		t.Errorf("empty queue: %d, %v", got, err)
	}
	put(t, q, 0, 37)
	for timestamp, want := range map[int64]Offset{
		0: 0, 999: 0, 1000: 0, 1003: 0, 1005: 0, 1006: 1, 1010: 1, 1095: 10, 1100: 10, 1360: 36, 1361: 36, 9999: 36,
	} {
		if got, err := q.OffsetByTime(timestamp, 0, storedAt); got != want || err != nil {
			t.Errorf("%d: %d, %v; want %d", timestamp, got, err, want)
		}
	}
	if got, err := q.OffsetByTime(0, 550, storedAt); got != 6 || err != nil {
		t.Errorf("with the first records gone: %d, %v", got, err)
	}
}

// TestEqualTimesGiveTheAnswerOfJavasHalving: of several messages of one millisecond the search returns the one it meets
// first.
func TestEqualTimesGiveTheAnswerOfJavasHalving(t *testing.T) {
	qs := load(t, testConfig(vfs.NewMem()), everything)
	q := qs.FindOrAdd([]byte("T"), 0)
	put(t, q, 0, 10)
	same := func(Offset, Unit) (int64, bool, error) { return 5, true, nil }
	if got, err := q.OffsetByTime(5, 0, same); got != 4 || err != nil { // (0+9)/2
		t.Errorf("%d, %v", got, err)
	}
}

func TestOffsetByTimeIsNeverFartherThanAnyOther(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	qs := load(t, testConfig(vfs.NewMem()), everything)
	q := qs.FindOrAdd([]byte("T"), 0)
	put(t, q, 0, 10)
	for range 200 {
		times := make([]int64, 10)
		for i := range times {
			times[i] = int64(random.IntN(5))
			if i > 0 {
				times[i] += times[i-1]
			}
		}
		at := func(at Offset, _ Unit) (int64, bool, error) { return times[at], true, nil }
		timestamp := int64(random.IntN(45))
		got, err := q.OffsetByTime(timestamp, 0, at)
		if err != nil {
			t.Fatal(err)
		}
		for i, other := range times {
			if abs(other-timestamp) < abs(times[got]-timestamp) {
				t.Fatalf("times %v, looking for %d: %d, but %d is nearer", times, timestamp, got, i)
			}
		}
	}
}

func abs(n int64) int64 { return max(n, -n) }

func TestABoundaryHasOneAnswerAmongEqualTimes(t *testing.T) {
	qs := load(t, testConfig(vfs.NewMem()), everything)
	q := qs.FindOrAdd([]byte("T"), 0)
	for _, b := range []Boundary{Lower, Upper} {
		if got, err := q.OffsetByBoundary(5, b, 0, storedAt); got != 0 || err != nil {
			t.Errorf("empty queue: %d, %v", got, err)
		}
	}
	put(t, q, 0, 10)
	times := []int64{10, 10, 10, 30, 30, 40, 40, 40, 40, 50}
	at := func(at Offset, _ Unit) (int64, bool, error) { return times[at], true, nil }
	for timestamp, want := range map[int64][2]Offset{
		5: {0, 0}, 10: {0, 2}, 20: {3, 2}, 30: {3, 4}, 40: {5, 8}, 45: {9, 8}, 50: {9, 9}, 51: {10, 9},
	} {
		for i, b := range []Boundary{Lower, Upper} {
			if got, err := q.OffsetByBoundary(timestamp, b, 0, at); got != want[i] || err != nil {
				t.Errorf("%d, boundary %d: %d, %v; want %d", timestamp, b, got, err, want[i])
			}
		}
	}
	if got, err := q.OffsetByBoundary(5, Lower, 250, at); got != 3 || err != nil {
		t.Errorf("with the first records gone: %d, %v", got, err)
	}
	broken := func(Offset, Unit) (int64, bool, error) { return 0, false, vfs.ErrHalted }
	if _, err := q.OffsetByBoundary(5, Lower, 0, broken); err == nil {
		t.Error("an error of reading is none")
	}
}
