package history

import (
	"maps"
	"slices"
	"strings"
)

func (c *Checker) hold(e *Event) error {
	g := c.group(e.Group)
	g.queue(e.Queue).holders[e.Member] = true
	if !c.periods.at(e.AtMillis).disturbed {
		c.oneHolder(g, e.Queue)
	}
	return nil
}

func (c *Checker) drop(e *Event) error {
	delete(c.group(e.Group).queue(e.Queue).holders, e.Member)
	return nil
}

// oneHolder: I7, two members never hold one queue but while they exchange it.
func (c *Checker) oneHolder(g *group, q Queue) {
	if holders := g.queue(q).holders; len(holders) > 1 {
		c.found.add(OneMember, "%s of topic %s is held by %s of group %s without a disturbance",
			q, q.Topic, strings.Join(slices.Sorted(maps.Keys(holders)), " and "), g.name)
	}
}

// exclusive: I7 seen from the deliveries; in one calm stretch a queue delivers to
// one member.
func (c *Checker) exclusive(g *group, q *groupQueue, e *Event) {
	period := c.periods.index(e.AtMillis)
	switch {
	case c.periods[period].disturbed || period < q.calm:
	case period > q.calm:
		q.calm, q.member = period, e.Member
	case q.member != e.Member:
		c.found.add(OneMember, "%s of topic %s delivered to %s and then offset %d to %s of group %s without a disturbance",
			e.Queue, e.Topic, q.member, e.Offset, e.Member, g.name)
	}
}
