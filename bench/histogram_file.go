package bench

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
)

// Point is one of a histogram's percentiles.
type Point struct {
	Part   float64 `json:"part"`   // of all times, 0 to 1
	Millis float64 `json:"millis"` // that they took at most
	Count  int64   `json:"count"`  // of times that took that long at most
}

// Curve is the percentiles in steps that get finer towards 1: ten to the median, as many from there to three quarters, and so on.
func (h *Histogram) Curve() []Point {
	const ticksPerHalf = 5
	var points []Point
	total := float64(h.count.Load())
	for part := 0.0; (1-part)*total >= 1; {
		d, n := h.at(int64(part * total))
		points = append(points, Point{part, inMillis(d), n})
		part += 1 / (ticksPerHalf * math.Exp2(math.Floor(math.Log2(1/(1-part)))+1))
	}
	return append(points, Point{1, inMillis(h.Max()), h.count.Load()})
}

// WritePercentiles writes the text that HdrHistogram's plotters read (.hgrm), times in milliseconds.
func (h *Histogram) WritePercentiles(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)")
	for _, p := range h.Curve() {
		fmt.Fprintf(b, "%12.3f %14.12f %10d", p.Millis, p.Part, p.Count)
		if p.Part < 1 {
			fmt.Fprintf(b, " %14.2f", 1/(1-p.Part))
		}
		fmt.Fprintln(b)
	}
	fmt.Fprintf(b, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n#[Max     = %12.3f, Total count    = %12d]\n#[Buckets = %12d, SubBuckets     = %12d]\n",
		inMillis(h.Mean()), h.deviationMillis(), inMillis(h.Max()), h.Count(), bucketSize/steps, steps)
	return b.Flush()
}

func (h *Histogram) deviationMillis() float64 {
	n, mean, sum := h.count.Load(), inMillis(h.Mean()), 0.0
	if n == 0 {
		return 0
	}
	for i := range h.buckets {
		off := float64(upperMicros(i))/microsPerMilli - mean
		sum += float64(h.buckets[i].Load()) * off * off
	}
	return math.Sqrt(sum / float64(n))
}

// writePercentiles writes the file, where one is asked for.
func (h *Histogram) writePercentiles(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("keep the histogram: %w", err)
	}
	defer f.Close()
	if err := h.WritePercentiles(f); err != nil {
		return fmt.Errorf("keep the histogram in %s: %w", path, err)
	}
	return f.Close()
}

// ReadPercentiles reads what WritePercentiles wrote, or another tool that writes that format.
func ReadPercentiles(r io.Reader) ([]Point, error) {
	var points []Point
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 3 || words[0] == "Value" || strings.HasPrefix(words[0], "#") {
			continue
		}
		millis, err1 := strconv.ParseFloat(words[0], 64)
		part, err2 := strconv.ParseFloat(words[1], 64)
		count, err3 := strconv.ParseInt(words[2], 10, 64)
		if err1 != nil || err2 != nil || err3 != nil {
			return nil, fmt.Errorf("line %q is no percentile", lines.Text())
		}
		points = append(points, Point{part, millis, count})
	}
	return points, lines.Err()
}
