package history

import "fmt"

// group is a consumer group and what its members were given.
type group struct {
	name   string
	topics map[string]bool // subscribed
	got    map[*sender]*numbers
	queues map[Queue]*groupQueue
	keys   map[keyOf][]int64 // of ordered topics: the sends of a key as they first came
	order  []keyOf           // keys, in the order of their first
	last   map[string]int64  // by broker: the time of the last delivery from it
}

// keyOf is one key of one sender in a queue.
type keyOf struct {
	by    *sender
	queue *queue
	key   string
}

// groupQueue is what a group has seen of one queue.
type groupQueue struct {
	got     numbers // offsets
	highest int64
	holders map[string]bool
	calm    int    // the last period in which it delivered
	member  string // and to whom first
}

func (c *Checker) group(name string) *group {
	g := c.groups[name]
	if g == nil {
		g = &group{name: name, topics: map[string]bool{}, got: map[*sender]*numbers{}, queues: map[Queue]*groupQueue{}, keys: map[keyOf][]int64{}, last: map[string]int64{}}
		c.groups[name] = g
	}
	return g
}

func (g *group) queue(q Queue) *groupQueue {
	found := g.queues[q]
	if found == nil {
		found = &groupQueue{highest: -1, calm: -1, holders: map[string]bool{}}
		g.queues[q] = found
	}
	return found
}

func (c *Checker) deliver(e *Event) error {
	c.deliveries++
	g := c.group(e.Group)
	c.notePause(g, e)
	id, known := c.attempted(g, e)
	if !known {
		return nil
	}
	again := !g.receive(id)
	if e.Reconsumed > 0 {
		if again {
			c.duplicate(g, e, id, &c.periods.at(e.AtMillis).Retried)
		}
		return nil
	}
	c.claim(id, e)
	q := g.queue(e.Queue)
	c.exclusive(g, q, e)
	if !q.got.add(e.Offset) {
		c.duplicate(g, e, id, &c.periods.at(e.AtMillis).Redelivered)
		return nil
	}
	c.inOrder(g, q, e, id)
	if !again && c.beside[e.Topic] == 0 {
		g.noteKey(keyOf{id.by, c.queue(e.Queue), e.Key}, id.seq)
	}
	return nil
}

// notePause: how long nothing came to the group from the shard before this.
func (c *Checker) notePause(g *group, e *Event) {
	if last, known := g.last[e.Broker]; known {
		w := c.periods.over(last, e.AtMillis)
		w.PauseMillis = max(w.PauseMillis, e.AtMillis-last)
	}
	g.last[e.Broker] = e.AtMillis
}

// duplicate: I5, only what a disturbance explains comes again.
func (c *Checker) duplicate(g *group, e *Event, id sendID, count *int) {
	*count++
	if !c.periods.at(e.AtMillis).disturbed {
		c.found.add(DuplicatesBounded, "group %s was given %s again and nothing disturbed it", g.name, id)
	}
}

func (g *group) noteKey(k keyOf, seq int64) {
	if g.keys[k] == nil {
		g.order = append(g.order, k)
	}
	g.keys[k] = append(g.keys[k], seq)
}

// attempted finds the send of what came (I2: there is one, and it was of this).
func (c *Checker) attempted(g *group, e *Event) (sendID, bool) {
	id, known := c.sent(e.Client, e.Seq)
	what := fmt.Sprintf("%s/%d at %s of topic %s, id %s", e.Client, e.Seq, e.Place, e.Topic, e.MsgID)
	switch {
	case !known:
		c.found.add(NoPhantom, "group %s was given %s, which nobody sent", g.name, what)
	case !g.topics[e.Topic]:
		c.found.add(NoPhantom, "group %s was given %s and is not subscribed", g.name, what)
	case id.send().topic != e.Topic || id.send().key != e.Key || id.send().crc != e.CRC:
		c.found.add(NoPhantom, "group %s was given %s with key %s and checksum %d, sent was %s with checksum %d",
			g.name, what, e.Key, e.CRC, id, id.send().crc)
	default:
		return id, true
	}
	return sendID{}, false
}

// receive reports whether the group has a send for the first time.
func (g *group) receive(id sendID) bool {
	got := g.got[id.by]
	if got == nil {
		got = &numbers{}
		g.got[id.by] = got
	}
	return got.add(id.seq)
}

func (g *group) has(id sendID) bool {
	got := g.got[id.by]
	return got != nil && got.has(id.seq)
}

// inOrder: I3, what comes from a place for the first time comes after what lies
// before it, but for what listeners beside each other mix up.
func (c *Checker) inOrder(g *group, q *groupQueue, e *Event, id sendID) {
	if e.Offset+int64(c.beside[e.Topic]) < q.highest {
		c.found.add(InOrder, "group %s was given %s only after offset %d of its queue", g.name, id, q.highest)
	}
	q.highest = max(q.highest, e.Offset)
}

// numbers is a set of numbers that lie close together.
type numbers struct{ words map[int64]uint64 }

// add reports whether n was not in it.
func (s *numbers) add(n int64) bool {
	if s.words == nil {
		s.words = map[int64]uint64{}
	}
	if s.has(n) {
		return false
	}
	s.words[n>>6] |= 1 << (n & 63)
	return true
}

func (s *numbers) has(n int64) bool { return s.words[n>>6]&(1<<(n&63)) != 0 }
