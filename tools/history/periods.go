package history

import (
	"fmt"
	"sort"
)

// periods are the stretches of a history, calm and disturbed ones.
type periods []Window

// Window is a stretch of a history with what happened in it that is no matter of
// course.
type Window struct {
	BeginMillis int64  // Unix time
	Why         string // as recorded
	Bound       int    // most duplicates

	Unacknowledged int   // sends under way in it that were not acknowledged
	SilenceMillis  int64 // the longest time in it without an acknowledgement for a client
	PauseMillis    int64 // the longest time in it without a delivery from a shard to a group
	Redelivered    int   // deliveries of places that the group had seen
	Retried        int   // deliveries from a retry topic of messages that the group had seen
	StoredTwice    int   // further places of messages whose send was under way in it
	Lost           int   // acknowledged messages that a group never got, sent in it or in the calm before it

	disturbed bool
}

// Duplicates is what Bound bounds.
func (w Window) Duplicates() int { return w.Redelivered + w.Retried + w.StoredTwice }

func (p *periods) begin(w Window) error {
	if last := (*p)[len(*p)-1]; w.BeginMillis < last.BeginMillis {
		return fmt.Errorf("%w: it begins before %q", ErrMalformed, last.Why)
	}
	*p = append(*p, w)
	return nil
}

// index is the number of the period of a moment, which includes its beginning.
func (p periods) index(millis int64) int {
	return max(0, sort.Search(len(p), func(i int) bool { return p[i].BeginMillis > millis })-1)
}

func (p periods) at(millis int64) *Window { return &p[p.index(millis)] }

// over is the first disturbed period that something from one moment to another
// was under way in, else the one in which it began.
func (p periods) over(from, to int64) *Window {
	for i := p.index(from); i <= p.index(to); i++ {
		if p[i].disturbed {
			return &p[i]
		}
	}
	return p.at(from)
}

// blamed is the period that may have lost what was sent from one moment to another: a disturbed one, else what ended the calm.
func (p periods) blamed(from, to int64) *Window {
	w := p.over(from, to)
	if next := p.index(to) + 1; !w.disturbed && next < len(p) {
		return &p[next]
	}
	return w
}

func (c *Checker) disturb(e *Event) error {
	return c.periods.begin(Window{BeginMillis: e.AtMillis, Why: e.Text, Bound: e.Bound, disturbed: true})
}

// calm: from here on nobody holds a queue that another one holds.
func (c *Checker) calm(e *Event) error {
	if err := c.periods.begin(Window{BeginMillis: e.AtMillis, Why: e.Text}); err != nil {
		return err
	}
	for _, g := range c.groups {
		for q := range g.queues {
			c.oneHolder(g, q)
		}
	}
	return nil
}
