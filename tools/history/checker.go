package history

import (
	"fmt"
	"io"
)

// Checker takes a history event by event and knows at any time what of it must
// not be. It keeps some two hundred bytes for each send and a few for each
// delivery. Its methods must not be called concurrently.
type Checker struct {
	names   map[string]string // one copy of each name
	beside  map[string]int    // by topic: Bound of Declared
	senders map[string]*sender
	groups  map[string]*group
	queues  map[Queue]*queue
	copies  []storedCopy

	periods    periods
	deliveries int
	found      findings
}

// NewChecker begins a history.
func NewChecker() *Checker {
	return &Checker{names: map[string]string{}, beside: map[string]int{}, senders: map[string]*sender{},
		groups: map[string]*group{}, queues: map[Queue]*queue{},
		periods: periods{{Why: "the beginning"}}, found: findings{}}
}

// Check reads a whole history; an error says that it cannot be read, not that
// something in it is wrong.
func Check(from io.Reader) (Report, error) {
	c := NewChecker()
	if err := Read(from, c.Add); err != nil {
		return Report{}, err
	}
	return c.Report(), nil
}

// takers say what each kind of event does.
var takers = map[Kind]func(*Checker, *Event) error{
	Subscribed: (*Checker).subscribe,
	Declared:   (*Checker).declare,
	Invoked:    (*Checker).invoke,
	Stored:     (*Checker).end,
	Refused:    (*Checker).end,
	Unknown:    (*Checker).end,
	Delivered:  (*Checker).deliver,
	Held:       (*Checker).hold,
	Dropped:    (*Checker).drop,
	Disturbed:  (*Checker).disturb,
	Calm:       (*Checker).calm,
}

// Add takes the next event. An error is an ErrMalformed: the event cannot follow
// those before it, and is left out.
func (c *Checker) Add(e Event) error {
	take, known := takers[e.Kind]
	if !known {
		return fmt.Errorf("%w: %q is no kind of event", ErrMalformed, e.Kind)
	}
	for _, name := range []*string{&e.Client, &e.Key, &e.Topic, &e.Broker, &e.Group, &e.Member} {
		*name = c.name(*name)
	}
	if err := take(c, &e); err != nil {
		return fmt.Errorf("%s at %d: %w", e.Kind, e.AtMillis, err)
	}
	return nil
}

// name returns the one copy of s that is kept.
func (c *Checker) name(s string) string {
	kept, known := c.names[s]
	if !known {
		kept = string([]byte(s))
		c.names[kept] = kept
	}
	return kept
}

func (c *Checker) declare(e *Event) error {
	if e.Bound < 0 {
		return fmt.Errorf("%w: bound %d", ErrMalformed, e.Bound)
	}
	c.beside[e.Topic] = e.Bound
	return nil
}

func (c *Checker) subscribe(e *Event) error {
	if _, declared := c.beside[e.Topic]; !declared {
		return fmt.Errorf("%w: topic %s is not declared", ErrMalformed, e.Topic)
	}
	c.group(e.Group).topics[e.Topic] = true
	return nil
}

// findings are violations by invariant, the first ones with their words.
type findings map[Invariant]*finding

type finding struct {
	count int
	first []string
}

// mostWords bounds the violations of one invariant that are put into words.
const mostWords = 10

func (f findings) add(i Invariant, format string, args ...any) {
	one := f[i]
	if one == nil {
		one = &finding{}
		f[i] = one
	}
	one.count++
	if len(one.first) < mostWords {
		one.first = append(one.first, fmt.Sprintf(format, args...))
	}
}

func (f findings) clone() findings {
	out := findings{}
	for i, one := range f {
		out[i] = &finding{count: one.count, first: append([]string(nil), one.first...)}
	}
	return out
}
