package bench

import (
	"fmt"
	"html"
	markup "html/template"
	"math"
	"slices"
	"strings"
)

// Plots are drawn for a text of 13 px; colours are classes s0 … s9, by a system's place in the report.
const (
	plotWidth  = 660
	labelWidth = 150
	valueWidth = 90
	rowHeight  = 22
	colours    = 10
)

// dotPlot shows a figure: a dot for each run, a line for the median, a row for each system.
func (r *Report) dotPlot(f figure, l LoadReport) markup.HTML {
	highest := 0.0
	for _, s := range l.Systems {
		highest = max(highest, f.spread(r.Runs, l.Name, s).high)
	}
	if highest == 0 {
		return ""
	}
	at := func(v float64) float64 { return labelWidth + v/highest*(plotWidth-labelWidth-valueWidth) }
	height := rowHeight*len(l.Systems) + 24
	b := svgHead(height, fmt.Sprintf("%s of each run", f.name))
	fmt.Fprintf(b, `<text class="title" x="0" y="13">%s</text>`, html.EscapeString(f.name))
	for i, s := range l.Systems {
		y := 24 + i*rowHeight + rowHeight/2
		sp := f.spread(r.Runs, l.Name, s)
		fmt.Fprintf(b, `<text x="0" y="%d">%s</text><line class="axis" x1="%d" x2="%d" y1="%d" y2="%d"/>`,
			y+4, html.EscapeString(s), labelWidth, plotWidth-valueWidth, y, y)
		if sp.n == 0 {
			fmt.Fprintf(b, `<text class="faint" x="%d" y="%d">not measured</text>`, plotWidth-valueWidth+8, y+4)
			continue
		}
		for _, run := range r.Runs {
			if v := f.of(run); run.Load == l.Name && run.System == s && (v != 0 || f.zero) {
				fmt.Fprintf(b, `<circle class="s%d" cx="%.1f" cy="%d" r="4"/>`, r.colour(s), at(v), y)
			}
		}
		fmt.Fprintf(b, `<line class="median" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/><text x="%d" y="%d">`+f.format+`</text>`,
			at(sp.median), at(sp.median), y-8, y+8, plotWidth-valueWidth+8, y+4, sp.median)
	}
	return svgEnd(b)
}

// curvePlot shows the percentiles of each run that kept a histogram, both axes logarithmic.
func (r *Report) curvePlot(l LoadReport) markup.HTML {
	const height, top, bottom = 300, 24, 30
	low, high, nines := math.Inf(1), 0.0, 1.0
	for _, run := range r.Runs {
		for _, p := range run.Curve {
			if run.Load == l.Name && p.Millis > 0 {
				low, high = min(low, p.Millis), max(high, p.Millis)
				nines = max(nines, ninesOf(p))
			}
		}
	}
	if high == 0 {
		return ""
	}
	low, high = math.Pow(10, math.Floor(math.Log10(low))), math.Pow(10, math.Ceil(math.Log10(high*1.0001)))
	x := func(n float64) float64 { return 60 + n/nines*(plotWidth-60-labelWidth) }
	y := func(ms float64) float64 {
		return height - bottom - math.Log10(max(ms, low)/low)/math.Log10(high/low)*(height-top-bottom)
	}
	b := svgHead(height, "latency by percentile")
	b.WriteString(`<text class="title" x="0" y="13">latency in ms by percentile</text>`)
	for ms := low; ms <= high*1.0001; ms *= 10 {
		fmt.Fprintf(b, `<line class="axis" x1="60" x2="%d" y1="%.1f" y2="%.1f"/><text x="52" y="%.1f" text-anchor="end">%g</text>`,
			plotWidth-labelWidth, y(ms), y(ms), y(ms)+4, math.Round(ms*1e6)/1e6)
	}
	for n := 0.0; n <= nines; n++ {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`, x(n), height-8, percent(n))
	}
	for i, s := range l.Systems {
		fmt.Fprintf(b, `<text x="%d" y="%d">%s</text><line class="curve s%d" x1="%d" x2="%d" y1="%d" y2="%d"/>`, plotWidth-labelWidth+30, top+14+i*rowHeight,
			html.EscapeString(s), r.colour(s), plotWidth-labelWidth+8, plotWidth-labelWidth+24, top+10+i*rowHeight, top+10+i*rowHeight)
	}
	for _, run := range r.Runs {
		if run.Load != l.Name || len(run.Curve) == 0 {
			continue
		}
		var points []string
		for _, p := range run.Curve {
			points = append(points, fmt.Sprintf("%.1f,%.1f", x(ninesOf(p)), y(p.Millis)))
		}
		fmt.Fprintf(b, `<polyline class="curve s%d" points="%s"/>`, r.colour(run.System), strings.Join(points, " "))
	}
	return svgEnd(b)
}

// ninesOf is how many nines a point's part begins with: 0.999 has three. All of a thousand have a little more than three.
func ninesOf(p Point) float64 {
	if p.Part < 1 {
		return -math.Log10(1 - p.Part)
	}
	return math.Log10(2 * float64(max(p.Count, 1)))
}

// percent names so many nines.
func percent(nines float64) string {
	if nines < 2 {
		return map[float64]string{0: "0 %", 1: "90 %"}[nines]
	}
	return strings.TrimSuffix("99."+strings.Repeat("9", int(nines)-2), ".") + " %"
}

// colour is a system's place among all.
func (r *Report) colour(name string) int {
	return max(0, slices.IndexFunc(r.Systems, func(s SystemReport) bool { return s.Name == name })) % colours
}

func svgHead(height int, title string) *strings.Builder {
	b := new(strings.Builder)
	fmt.Fprintf(b, `<svg viewBox="0 0 %d %d" width="%d" height="%d" role="img"><title>%s</title>`, plotWidth, height, plotWidth, height, html.EscapeString(title))
	return b
}

func svgEnd(b *strings.Builder) markup.HTML { return markup.HTML(b.String() + "</svg>\n") }
