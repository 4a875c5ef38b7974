// Package matrix is the table of docs/compatibility.md that says which API works with which stock client over which route. It is
// made from what a run of the scenarios has passed, so that a cell cannot say more than was run. The scenarios tell it (Run);
// it starts nothing and knows no server.
package matrix

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"gantry/tools/compat/agent"
)

// API is something that applications do with a client: a row.
type API string

// Route is the way on which clients reach a shard.
type Route string

// The routes.
const (
	Gateway Route = "gateway" // a port per shard
	Direct  Route = "direct"
	Shared  Route = "shared" // one address for all shards
)

// Column is a client, and a route by which it can reach a shard.
type Column struct {
	Kind  agent.Kind
	Route Route
}

type cell struct {
	api API
	Column
}

// Run is what has passed so far. Its methods may be called concurrently; the zero value is ready.
type Run struct {
	mu     sync.Mutex // guards passed
	passed map[cell]bool
}

// Has says whether a client has an API on a route.
func (c Column) Has(api API) bool {
	at := slices.IndexFunc(rows(), func(r row) bool { return r.api == api })
	return at >= 0 && rows()[at].why(c) == ""
}

// Clients are those that can be reached by a route.
func Clients(route Route) (kinds []agent.Kind) {
	for _, c := range Columns() {
		if c.Route == route {
			kinds = append(kinds, c.Kind)
		}
	}
	return kinds
}

// Pass notes that an API worked.
func (r *Run) Pass(api API, kind agent.Kind, route Route) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.passed == nil {
		r.passed = map[cell]bool{}
	}
	r.passed[cell{api, Column{kind, route}}] = true
}

// Table is the table of what passed, with its notes, and the cells that it leaves empty: nothing has passed there, or something that
// the client lacks or no row is for.
func (r *Run) Table() (table string, wrong []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := &writer{passed: r.passed, left: map[cell]bool{}}
	for c := range r.passed {
		w.left[c] = true
	}
	w.head()
	for _, r := range rows() {
		w.row(r)
	}
	for c := range w.left {
		w.wrong = append(w.wrong, fmt.Sprintf("%s of %s over %s routes has passed and has no cell", c.api, c.Kind, c.Route))
	}
	for i, note := range w.notes {
		fmt.Fprintf(&w.text, "\n(%d) %s\n", i+1, note)
	}
	slices.Sort(w.wrong)
	return w.text.String(), w.wrong
}

type writer struct {
	passed, left map[cell]bool
	text         strings.Builder
	notes, wrong []string
}

func (w *writer) head() {
	w.text.WriteString("| API |")
	for _, c := range Columns() {
		fmt.Fprintf(&w.text, " %s %s |", titles[c.Kind], c.Route)
	}
	w.text.WriteString("\n|---|" + strings.Repeat("---|", len(Columns())) + "\n")
}

func (w *writer) row(r row) {
	fmt.Fprintf(&w.text, "| %s |", r.api)
	for _, c := range Columns() {
		at := cell{r.api, c}
		why := r.why(c)
		switch {
		case why != "":
			fmt.Fprintf(&w.text, " (%d) |", w.note(why))
			continue
		case w.passed[at]:
			w.text.WriteString(" yes |")
		default:
			w.text.WriteString(" |")
			w.wrong = append(w.wrong, fmt.Sprintf("%s of %s over %s routes has not passed", r.api, c.Kind, c.Route))
		}
		delete(w.left, at)
	}
	w.text.WriteString("\n")
}

// note is the number of a note, a new one where it is.
func (w *writer) note(why string) int {
	at := slices.Index(w.notes, why)
	if at < 0 {
		at = len(w.notes)
		w.notes = append(w.notes, why)
	}
	return at + 1
}
