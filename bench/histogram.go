package bench

import (
	"fmt"
	"math/bits"
	"sync/atomic"
	"time"
)

// A histogram has 32 steps to each doubling of the time: what it tells is at
// most 1/32 above the truth. It takes 9 KiB however much is recorded.
const (
	stepBits   = 5
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

// bucketOf is exact up to 63 µs; above, the five bits behind the first count.
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
	wanted := int64(q * float64(h.count.Load()))
	var seen int64
	for i := range h.buckets {
		if seen += h.buckets[i].Load(); seen > wanted {
			return time.Duration(min(upperMicros(i), h.max.Load())) * time.Microsecond
		}
	}
	return h.Max()
}

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
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return fmt.Sprintf("Latency(ms) Mean: %.3f P50: %.3f P90: %.3f P99: %.3f P99.9: %.3f Max: %.3f", ms(h.Mean()),
		ms(h.Quantile(0.5)), ms(h.Quantile(0.9)), ms(h.Quantile(0.99)), ms(h.Quantile(0.999)), ms(h.Max()))
}
