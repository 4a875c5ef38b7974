package group

import (
	"slices"
	"strings"
)

// Delete takes a group's configuration away, and reports whether there was one. The group is made again by its next
// heartbeat where autoCreateSubscriptionGroup lets it.
func (c *Configs) Delete(group string) bool { return c.rows.Delete(group) }

// Remove takes away what a group has committed, and reports whether that was anything (ConsumerOffsetManager.removeOffset).
func (o *Offsets) Remove(group string) bool {
	o.mu.Lock()
	before := len(o.all)
	o.all = slices.DeleteFunc(slices.Clone(o.all), func(q *queueEnds) bool {
		_, of, _ := strings.Cut(q.key, "@")
		return of == group
	})
	kept := make(map[string]*queueEnds, len(o.all))
	for _, q := range o.all {
		kept[q.key] = q
	}
	o.pairs = kept
	removed := len(o.all) < before
	o.mu.Unlock()
	if removed {
		o.saver.Changed()
	}
	return removed
}
