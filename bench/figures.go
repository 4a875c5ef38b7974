package bench

import "slices"

// Run is one load against one system. A figure that is 0 is not known, but for Failed.
type Run struct {
	Load        string  `json:"load"`
	System      string  `json:"system"`
	Round       int     `json:"round"`
	TPS         float64 `json:"tps"`
	MeanMillis  float64 `json:"meanMillis"`
	P50Millis   float64 `json:"p50Millis"` // percentiles are of the whole run, from a load of ours
	P90Millis   float64 `json:"p90Millis"`
	P99Millis   float64 `json:"p99Millis"`
	P999Millis  float64 `json:"p999Millis"`
	P9999Millis float64 `json:"p9999Millis"`
	MaxMillis   float64 `json:"maxMillis"`
	Failed      int64   `json:"failed"`
	CPUMicros   float64 `json:"cpuMicrosPerMessage"` // of the system's processes
	RSSMiB      float64 `json:"rssMiB"`              // the highest seen at a report, with its parts
	AnonMiB     float64 `json:"anonMiB"`
	FileMiB     float64 `json:"fileMiB"`
	DiskBytes   float64 `json:"diskBytesPerMessage"` // that the system's processes had the kernel write
	ReadyMillis float64 `json:"readyMillis"`         // from start to ready, of a run that began with it
	IdleCPU     float64 `json:"idleCPU,omitempty"`   // of the system's processes before the run, in % of a core
	Curve       []Point `json:"curve,omitempty"`     // of the load's histogram
}

// figure is one column of the results.
type figure struct {
	key    string // in CSV and bars
	name   string
	of     func(Run) float64
	format string
	zero   bool // 0 is a value
	plot   bool
}

// figures are all there are; a package variable would be state.
func figures() []figure {
	return []figure{
		{"tps", "messages/s", func(r Run) float64 { return r.TPS }, "%.0f", false, true},
		{"mean_ms", "mean ms", func(r Run) float64 { return r.MeanMillis }, "%.3f", false, true},
		{"p50_ms", "P50 ms", func(r Run) float64 { return r.P50Millis }, "%.3f", false, false},
		{"p90_ms", "P90 ms", func(r Run) float64 { return r.P90Millis }, "%.3f", false, false},
		{"p99_ms", "P99 ms", func(r Run) float64 { return r.P99Millis }, "%.3f", false, true},
		{"p999_ms", "P99.9 ms", func(r Run) float64 { return r.P999Millis }, "%.3f", false, false},
		{"p9999_ms", "P99.99 ms", func(r Run) float64 { return r.P9999Millis }, "%.3f", false, false},
		{"max_ms", "max ms", func(r Run) float64 { return r.MaxMillis }, "%.3f", false, false},
		{"cpu_us_per_message", "CPU µs/message", func(r Run) float64 { return r.CPUMicros }, "%.1f", false, true},
		{"rss_mib", "resident MiB", func(r Run) float64 { return r.RSSMiB }, "%.0f", false, true},
		{"anon_mib", "of it anonymous", func(r Run) float64 { return r.AnonMiB }, "%.0f", false, false},
		{"file_mib", "of it files", func(r Run) float64 { return r.FileMiB }, "%.0f", false, false},
		{"disk_bytes_per_message", "disk bytes/message", func(r Run) float64 { return r.DiskBytes }, "%.0f", false, true},
		{"idle_cpu_percent", "idle CPU %", func(r Run) float64 { return r.IdleCPU }, "%.2f", false, true},
		{"ready_ms", "ready ms", func(r Run) float64 { return r.ReadyMillis }, "%.0f", false, true},
		{"failed", "failed", func(r Run) float64 { return float64(r.Failed) }, "%.0f", true, false},
	}
}

func figureOf(key string) (figure, bool) {
	all := figures()
	i := slices.IndexFunc(all, func(f figure) bool { return f.key == key })
	if i < 0 {
		return figure{}, false
	}
	return all[i], true
}

// spread is the middle and the ends of several runs' values.
type spread struct {
	median, low, high float64
	n                 int // values, 0: the others mean nothing
}

func spreadOf(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return spread{}
	}
	return spread{(sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[0], sorted[n-1], n}
}

// spread is the spread of what is known of a system under a load.
func (f figure) spread(runs []Run, load, system string) spread {
	var values []float64
	for _, r := range runs {
		if v := f.of(r); r.Load == load && r.System == system && (v != 0 || f.zero) {
			values = append(values, v)
		}
	}
	return spreadOf(values)
}

// known says whether any run under a load has the figure.
func (f figure) known(runs []Run, load string) bool {
	return slices.ContainsFunc(runs, func(r Run) bool { return r.Load == load && f.of(r) != 0 })
}
