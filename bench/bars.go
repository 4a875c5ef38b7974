package bench

import "fmt"

// bar is what a figure must reach: a ratio of two systems' medians under one load, or a value.
type bar struct {
	what    string
	load    string
	figure  string // its key
	system  string
	against string  // "": the value itself counts
	atLeast float64 // one of both is 0
	atMost  float64
}

// BarReport is a bar and what was measured.
type BarReport struct {
	What     string  `json:"what"`
	Load     string  `json:"load"`
	Figure   string  `json:"figure"`
	System   string  `json:"system"`
	Against  string  `json:"against,omitempty"`
	Bar      string  `json:"bar"`
	Value    float64 `json:"value"` // of the ratio, or of the figure
	Measured string  `json:"measured"`
	Runs     int     `json:"runs"` // of the system that has fewer
	Verdict  string  `json:"verdict"`
}

// Verdicts of a bar. Fewer runs than barRuns prove neither.
const (
	barMet         = "met"
	barNotMet      = "not met"
	barNotMeasured = "not measured"
	barRuns        = 5
	barTooFew      = ", too few runs to count"
)

// judge compares what was measured with the bar.
func (b bar) judge(runs []Run) BarReport {
	r := BarReport{What: b.what, Load: b.load, Figure: b.figure, System: b.system, Against: b.against, Bar: b.bound(), Verdict: barNotMeasured, Measured: "-"}
	f, ok := figureOf(b.figure)
	if !ok {
		panic("BUG: a bar on " + b.figure + ", which is no figure")
	}
	own, other := f.spread(runs, b.load, b.system), f.spread(runs, b.load, b.against)
	if own.n == 0 || b.against != "" && (other.n == 0 || other.median == 0) {
		return r
	}
	r.Value, r.Runs = own.median, own.n
	r.Measured = fmt.Sprintf("%s "+f.format+" %s", b.system, own.median, f.name)
	if b.against != "" {
		r.Value, r.Runs = own.median/other.median, min(own.n, other.n)
		r.Measured = fmt.Sprintf("%.2f × (%s "+f.format+", %s "+f.format+" %s)", r.Value, b.system, own.median, b.against, other.median, f.name)
	}
	r.Verdict = barNotMet
	if b.atLeast > 0 && r.Value >= b.atLeast || b.atMost > 0 && r.Value <= b.atMost {
		r.Verdict = barMet
	}
	if r.Runs < barRuns {
		r.Verdict += barTooFew
	}
	return r
}

func (b bar) bound() string {
	sign, limit := "≤", b.atMost
	if b.atLeast > 0 {
		sign, limit = "≥", b.atLeast
	}
	if b.against == "" {
		return fmt.Sprintf("%s %g", sign, limit)
	}
	return fmt.Sprintf("%s %g × %s", sign, limit, b.against)
}
