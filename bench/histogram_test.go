package bench

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestQuantilesAreNeverBelowTheTruthAndHardlyAbove(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var h Histogram
		var all []time.Duration
		for range 1 + r.IntN(2000) {
			d := time.Duration(r.Int64N(1<<uint(r.IntN(34)+1))) * time.Microsecond
			h.Record(d)
			all = append(all, d)
		}
		slices.Sort(all)
		for _, q := range []float64{0, 0.5, 0.9, 0.99, 0.999} {
			truth := all[min(int(q*float64(len(all))), len(all)-1)]
			got := h.Quantile(q)
			if got < truth || got > truth+truth/32+time.Microsecond {
				t.Fatalf("quantile %v of %d is %v, want %v", q, len(all), got, truth)
			}
		}
		if h.Max() != all[len(all)-1] || h.Quantile(1) != h.Max() {
			t.Fatalf("maximum %v, want %v", h.Max(), all[len(all)-1])
		}
	}
}

func TestAHistogramIsBounded(t *testing.T) {
	var h Histogram
	h.Record(-time.Second)
	h.Record(1000 * time.Hour)
	if h.Quantile(0) != 0 || h.Max() != maxMicros*time.Microsecond {
		t.Errorf("from %v to %v", h.Quantile(0), h.Max())
	}
	if got := bucketOf(maxMicros); got != bucketSize-1 {
		t.Errorf("the longest time is in bucket %d of %d", got, bucketSize)
	}
	for i := range bucketSize {
		if bucketOf(upperMicros(i)) != i {
			t.Fatalf("bucket %d ends with %d µs, which is in bucket %d", i, upperMicros(i), bucketOf(upperMicros(i)))
		}
	}
}

func TestAnEmptyHistogram(t *testing.T) {
	var h Histogram
	if got := h.String(); got != "Latency(ms) Mean: 0.000 P50: 0.000 P90: 0.000 P99: 0.000 P99.9: 0.000 Max: 0.000" {
		t.Errorf("%q", got)
	}
}
