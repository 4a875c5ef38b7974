package history

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Invariant is something that must hold of every history.
type Invariant string

// The invariants.
const (
	NoneLost          Invariant = "I1 no acknowledged message is lost"
	NoPhantom         Invariant = "I2 nothing comes that was not sent"
	InOrder           Invariant = "I3 queues and keys keep their order"
	PlaceStable       Invariant = "I4 a place keeps its message"
	DuplicatesBounded Invariant = "I5 duplicates come of disturbances, and few"
	OneMember         Invariant = "I7 two members never hold one queue"
)

// ErrViolated is what a history's Report gives where an invariant does not hold.
var ErrViolated = errors.New("the history violates")

// Report is what there is to say of a history.
type Report struct {
	Sends, Acknowledged, Deliveries int
	Windows                         []Window // calm and disturbed ones in turn

	found findings
}

// Report judges the history as if it ended here.
func (c *Checker) Report() Report {
	r := Report{Deliveries: c.deliveries, Windows: slices.Clone(c.periods), found: c.found.clone()}
	for _, by := range sorted(c.senders) {
		r.judgeSends(by)
	}
	for _, one := range c.copies {
		r.judgeCopy(one)
	}
	for _, g := range sorted(c.groups) {
		r.judgeKeys(g)
		for _, by := range sorted(c.senders) {
			r.judgeReceived(g, by)
		}
	}
	for _, w := range r.Windows {
		if w.disturbed && w.Duplicates() > w.Bound {
			r.found.add(DuplicatesBounded, "%d duplicates of %q, which has a right to %d", w.Duplicates(), w.Why, w.Bound)
		}
	}
	return r
}

func sorted[V any](byName map[string]V) (all []V) {
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		all = append(all, byName[name])
	}
	return all
}

func (r *Report) windows() periods { return r.Windows }

func (r *Report) judgeSends(by *sender) {
	acknowledged := int64(0)
	for _, s := range by.sends {
		r.Sends++
		switch s.outcome {
		case Stored:
			r.Acknowledged++
			if acknowledged > 0 {
				w := r.windows().over(acknowledged, s.ended)
				w.SilenceMillis = max(w.SilenceMillis, s.ended-acknowledged)
			}
			acknowledged = s.ended
		case Refused, Unknown:
			r.windows().over(s.began, s.ended).Unacknowledged++
		}
	}
}

// judgeCopy: I5, a message lies at two places only where something disturbed its
// send.
func (r *Report) judgeCopy(one storedCopy) {
	s := one.id.send()
	ended := s.ended
	if s.outcome == Invoked {
		ended = math.MaxInt64
	}
	w := r.windows().over(s.began, ended)
	w.StoredTwice++
	if !w.disturbed {
		r.found.add(DuplicatesBounded, "%s lies at %s, too, and nothing disturbed its send", one.id, one.place)
	}
}

// judgeKeys: I3 of keys, queue by queue, since a key moves to another when its
// topic wins or loses queues. A send that nobody knows the end of may take its
// place after later ones.
func (r *Report) judgeKeys(g *group) {
	for _, k := range g.order {
		highest := int64(-1)
		for _, seq := range g.keys[k] {
			id := sendID{k.by, seq}
			if id.send().outcome != Stored {
				continue
			}
			if seq < highest {
				r.found.add(InOrder, "group %s was given %s only after send %d of the same key", g.name, id, highest)
			}
			highest = max(highest, seq)
		}
	}
}

// judgeReceived: I1, what is acknowledged has come; I2, what was refused has not.
func (r *Report) judgeReceived(g *group, by *sender) {
	g.eachMissing(by, func(id sendID) {
		r.found.add(NoneLost, "group %s never got %s", g.name, id)
		r.windows().blamed(id.send().began, id.send().ended).Lost++
	})
	for seq := range by.sends {
		if id := (sendID{by, int64(seq)}); id.send().outcome == Refused && g.has(id) {
			r.found.add(NoPhantom, "group %s was given %s, which was refused", g.name, id)
		}
	}
}

// Missing is how many deliveries of acknowledged messages have not come, all
// groups together.
func (c *Checker) Missing() int {
	n := 0
	for _, g := range c.groups {
		for _, by := range c.senders {
			g.eachMissing(by, func(sendID) { n++ })
		}
	}
	return n
}

func (g *group) eachMissing(by *sender, visit func(sendID)) {
	for seq := range by.sends {
		id := sendID{by, int64(seq)}
		if s := id.send(); s.outcome == Stored && g.topics[s.topic] && !g.has(id) {
			visit(id)
		}
	}
}

// Violated are the invariants that do not hold.
func (r Report) Violated() []Invariant { return slices.Sorted(maps.Keys(r.found)) }

// Err is nil where every invariant holds; else an ErrViolated that names the
// first messages concerned.
func (r Report) Err() error {
	var text strings.Builder
	for _, i := range r.Violated() {
		fmt.Fprintf(&text, "\n%s (%d):", i, r.found[i].count)
		for _, words := range r.found[i].first {
			fmt.Fprintf(&text, "\n    %s", words)
		}
	}
	if text.Len() == 0 {
		return nil
	}
	return fmt.Errorf("%w%s", ErrViolated, text.String())
}

// String is what happened, a line for each window.
func (r Report) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d sends, %d acknowledged, %d deliveries", r.Sends, r.Acknowledged, r.Deliveries)
	for i, w := range r.Windows {
		lasted := ""
		if i+1 < len(r.Windows) {
			lasted = fmt.Sprintf(" for %.1f s", float64(r.Windows[i+1].BeginMillis-w.BeginMillis)/1000)
		}
		if i == 0 && len(r.Windows) > 1 {
			lasted = ""
		}
		fmt.Fprintf(&text, "\n%s%s: %d sends without acknowledgement, longest silence %.1f s; longest pause of deliveries %.1f s; %d places delivered again, %d retries, %d messages stored twice",
			w.Why, lasted, w.Unacknowledged, float64(w.SilenceMillis)/1000, float64(w.PauseMillis)/1000, w.Redelivered, w.Retried, w.StoredTwice)
	}
	return text.String()
}
