package bench

import (
	"fmt"
	markup "html/template"
	"io"
	"time"
)

// WriteHTML writes one page that needs nothing else: its plots are inline SVG, it has no scripts. It is well-formed XML.
func (r *Report) WriteHTML(out io.Writer) error {
	page, err := markup.New("report").Funcs(markup.FuncMap{
		"time":  func(t time.Time) string { return t.Format("2006-01-02 15:04 MST") },
		"class": func(verdict string) string { return verdictClasses()[verdict] },
		"cells": r.cells, "plots": r.plots, "columns": r.columns, "few": func(n int) bool { return n < barRuns },
	}).Parse(reportPage)
	if err != nil {
		return fmt.Errorf("BUG: the report's page: %w", err)
	}
	return page.Execute(out, r)
}

func verdictClasses() map[string]string {
	return map[string]string{barMet: "met", barNotMet: "unmet", barMet + barTooFew: "few", barNotMet + barTooFew: "few", barNotMeasured: "few"}
}

// columns are the figures that a load has.
func (r *Report) columns(l LoadReport) (names []string) {
	for _, f := range r.figuresOf(l) {
		names = append(names, f.name)
	}
	return names
}

func (r *Report) figuresOf(l LoadReport) (all []figure) {
	for _, f := range figures() {
		if f.zero || f.known(r.Runs, l.Name) {
			all = append(all, f)
		}
	}
	return all
}

// cell is one figure of one system.
type cell struct{ Median, Spread, Ratio string }

func (r *Report) cells(l LoadReport, system string) (all []cell) {
	for _, f := range r.figuresOf(l) {
		sp, first := f.spread(r.Runs, l.Name, system), f.spread(r.Runs, l.Name, l.Systems[0])
		if sp.n == 0 {
			all = append(all, cell{Median: "–"})
			continue
		}
		c := cell{Median: fmt.Sprintf(f.format, sp.median), Spread: fmt.Sprintf(f.format+" … "+f.format, sp.low, sp.high)}
		if system != l.Systems[0] && !f.zero {
			c.Ratio = ratio(sp, first)
		}
		all = append(all, c)
	}
	return all
}

func (r *Report) plots(l LoadReport) (all []markup.HTML) {
	draw := r.dotPlot
	if l.Unit != "" {
		draw = r.growthPlot
	}
	for _, f := range figures() {
		if f.plot {
			all = append(all, draw(f, l))
		}
	}
	return append(all, r.curvePlot(l))
}
