package bench

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
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
			if got < truth || got > truth+truth/1024+time.Microsecond {
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
	if got := h.String(); got != "Latency(ms) Mean: 0.000 P50: 0.000 P90: 0.000 P99: 0.000 P99.9: 0.000 P99.99: 0.000 Max: 0.000" {
		t.Errorf("%q", got)
	}
}

func TestAKeptHistogramIsReadAgain(t *testing.T) {
	var h Histogram
	for i := range 10_000 {
		h.Record(time.Duration(i+1) * 100 * time.Microsecond)
	}
	var text bytes.Buffer
	if err := h.WritePercentiles(&text); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(text.String(), "\n")
	if want := "       Value     Percentile TotalCount 1/(1-Percentile)"; lines[0] != want || lines[1] != "" {
		t.Errorf("the head is %q, want %q", lines[0], want)
	}
	if want := "#[Max     =     1000.000, Total count    =        10000]"; !slices.Contains(lines, want) {
		t.Errorf("no line says %q:\n%s", want, text.String())
	}
	points, err := ReadPercentiles(&text)
	if err != nil || len(points) < 60 || len(points) > 80 {
		t.Fatalf("%d points, %v", len(points), err)
	}
	for i, p := range points {
		if truth := p.Part * 1000; p.Millis < truth || p.Millis > truth*1.002+0.2 {
			t.Errorf("%.5f of all took %.3f ms at most, want %.3f", p.Part, p.Millis, truth)
		}
		if i > 0 && (p.Part <= points[i-1].Part || p.Millis < points[i-1].Millis || p.Count < points[i-1].Count) {
			t.Errorf("point %d falls: %+v after %+v", i, p, points[i-1])
		}
	}
	if last := points[len(points)-1]; last != (Point{1, 1000, 10_000}) {
		t.Errorf("the last point is %+v", last)
	}
	if _, err := ReadPercentiles(strings.NewReader("1 2 three\n")); err == nil {
		t.Error("a line that is no percentile was taken")
	}
}
