package bench

import (
	"fmt"
	"math/bits"
	"sync/atomic"
	"time"
)

// A histogram has 1,024 steps to each doubling of the time, three significant digits: what it tells is at most 1/1024 above the
// truth. It takes 216 KiB however much is recorded.
const (
	stepBits   = 10
	steps      = 1 << stepBits
	maxMicros  = 1<<36 - 1 // 19 hours; longer times count as this
	bucketSize = (36 - stepBits + 1) * steps
)

// Histogram counts times, from any number of goroutines.
type Histogram struct {
	buckets [bucketSize]atomic.Int64
	count   atomic.Int64
	micros  atomic.Int64 // the sum
	max     atomic.Int64 // µs
}

// Record counts one time.
func (h *Histogram) Record(d time.Duration) {
	micros := min(max(d.Microseconds(), 0), maxMicros)
	h.buckets[bucketOf(micros)].Add(1)
	h.count.Add(1)
	h.micros.Add(micros)
	raise(&h.max, micros)
}

// raise makes value the maximum unless it is that already.
func raise(maximum *atomic.Int64, value int64) {
	for old := maximum.Load(); value > old && !maximum.CompareAndSwap(old, value); old = maximum.Load() {
	}
}

// bucketOf is exact up to 2,047 µs; above, the ten bits behind the first count.
func bucketOf(micros int64) int {
	if micros < 2*steps {
		return int(micros)
	}
	shift := bits.Len64(uint64(micros)) - stepBits - 1
	return shift*steps + int(micros>>shift)
}

// upperMicros is the largest time that a bucket holds.
func upperMicros(bucket int) int64 {
	if bucket < 2*steps {
		return int64(bucket)
	}
	shift := bucket/steps - 1
	return int64(bucket%steps+steps+1)<<shift - 1
}

// Quantile is the time that part q of all took at most, 0 without any.
func (h *Histogram) Quantile(q float64) time.Duration {
	d, _ := h.at(int64(q * float64(h.count.Load())))
	return d
}

// at is the time that comes behind so many shorter ones, and how many took that long at most.
func (h *Histogram) at(shorter int64) (time.Duration, int64) {
	var seen int64
	for i := range h.buckets {
		if seen += h.buckets[i].Load(); seen > shorter {
			return time.Duration(min(upperMicros(i), h.max.Load())) * time.Microsecond, seen
		}
	}
	return h.Max(), seen
}

// Count is how many times there are.
func (h *Histogram) Count() int64 { return h.count.Load() }

// Max is the longest time.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max.Load()) * time.Microsecond }

// Mean is the average, 0 without any.
func (h *Histogram) Mean() time.Duration {
	n := h.count.Load()
	if n == 0 {
		return 0
	}
	return time.Duration(h.micros.Load()*1000/n) * time.Nanosecond
}

// String is one line, in milliseconds.
func (h *Histogram) String() string {
	return fmt.Sprintf("Latency(ms) Mean: %.3f P50: %.3f P90: %.3f P99: %.3f P99.9: %.3f P99.99: %.3f Max: %.3f", inMillis(h.Mean()),
		inMillis(h.Quantile(0.5)), inMillis(h.Quantile(0.9)), inMillis(h.Quantile(0.99)), inMillis(h.Quantile(0.999)),
		inMillis(h.Quantile(0.9999)), inMillis(h.Max()))
}

func inMillis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
