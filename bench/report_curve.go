package bench

import (
	"fmt"
	"html"
	markup "html/template"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// writeCurve writes a row for each point: medians of what is plotted, with the lowest and the highest.
func (r *Report) writeCurve(out io.Writer, l LoadReport) {
	columns := slices.DeleteFunc(r.figuresOf(l), func(f figure) bool { return !f.plot && !f.zero })
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, l.Unit)
	for _, f := range columns {
		fmt.Fprint(w, "\t", f.name)
	}
	fmt.Fprintln(w, "\truns")
	for _, s := range l.Systems {
		fmt.Fprint(w, grouped(r.system(s).Point))
		runs := 0
		for _, f := range columns {
			sp := f.spread(r.Runs, l.Name, s)
			if sp.n == 0 {
				fmt.Fprint(w, "\t-")
				continue
			}
			fmt.Fprintf(w, "\t"+f.format+" ("+f.format+"–"+f.format+")", sp.median, sp.low, sp.high)
			runs = max(runs, sp.n)
		}
		fmt.Fprintf(w, "\t%d\n", runs)
	}
	w.Flush()
}

// grouped is a number with commas between thousands.
func grouped(v float64) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// growthPlot shows a figure over the points of a curve, the axis of those logarithmic: a dot for each run, a line through the medians.
func (r *Report) growthPlot(f figure, l LoadReport) markup.HTML {
	const height, top, bottom, left = 260, 40, 40, 80
	first, last, highest := math.Inf(1), 0.0, 0.0
	for _, s := range l.Systems {
		first, last = min(first, r.system(s).Point), max(last, r.system(s).Point)
		highest = max(highest, f.spread(r.Runs, l.Name, s).high)
	}
	if highest == 0 {
		return ""
	}
	x := func(v float64) float64 {
		return left + math.Log(v/first)/max(math.Log(last/first), 1e-9)*(plotWidth-left-valueWidth)
	}
	y := func(v float64) float64 { return height - bottom - v/highest*(height-top-bottom) }
	b := svgHead(height, fmt.Sprintf("%s by %s", f.name, l.Unit))
	fmt.Fprintf(b, `<text class="title" x="0" y="13">%s by %s</text>`, html.EscapeString(f.name), html.EscapeString(l.Unit))
	for _, v := range []float64{0, highest / 2, highest} {
		fmt.Fprintf(b, `<line class="axis" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text x="%d" y="%.1f" text-anchor="end">`+f.format+`</text>`,
			left, plotWidth-valueWidth, y(v), y(v), left-8, y(v)+4, v)
	}
	var medians []string
	for _, s := range l.Systems {
		at := r.system(s).Point
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`, x(at), height-bottom+20, grouped(at))
		sp := f.spread(r.Runs, l.Name, s)
		if sp.n == 0 {
			continue
		}
		medians = append(medians, fmt.Sprintf("%.1f,%.1f", x(at), y(sp.median)))
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">`+f.format+`</text>`, x(at), y(sp.high)-8, sp.median)
		for _, run := range r.Runs {
			if v := f.of(run); run.Load == l.Name && run.System == s && (v != 0 || f.zero) {
				fmt.Fprintf(b, `<circle class="s0" cx="%.1f" cy="%.1f" r="4"/>`, x(at), y(v))
			}
		}
	}
	fmt.Fprintf(b, `<polyline class="curve s0" points="%s"/>`, strings.Join(medians, " "))
	return svgEnd(b)
}
