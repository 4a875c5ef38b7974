package longpoll

import "container/heap"

// queue is where pulls wait; entry.at is each one's place.
type queue struct{ entries []*entry }

// entry is a held pull.
type entry struct {
	Pull
	at         int // in its queue; -1 once it is out of the table
	deadlineAt int // in the deadlines
}

// resume hands the pull to the workers, unless that was done. The caller has locked mu.
func (t *Table) resume(e *entry, why Reason) {
	if t.remove(e) {
		t.workers.add(task{e, why})
	}
}

// remove takes the pull out of the table; false where it is out. The caller has locked mu.
func (t *Table) remove(e *entry) bool {
	if e.at < 0 {
		return false
	}
	q := t.queues[e.Topic][e.QueueID]
	last := q.entries[len(q.entries)-1]
	q.entries[e.at], last.at = last, e.at
	q.entries[len(q.entries)-1] = nil
	q.entries = q.entries[:len(q.entries)-1]
	e.at = -1
	if len(q.entries) == 0 {
		delete(t.queues[e.Topic], e.QueueID)
		if len(t.queues[e.Topic]) == 0 {
			delete(t.queues, e.Topic)
		}
	}
	delete(t.owners[e.Owner], e)
	if len(t.owners[e.Owner]) == 0 {
		delete(t.owners, e.Owner)
	}
	heap.Remove(&t.deadlines, e.deadlineAt)
	return true
}
