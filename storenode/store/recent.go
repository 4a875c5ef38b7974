package store

import "gantry/storenode/consumequeue"

// What is read there is in the page cache as a rule: units and bytes behind the ends.
const (
	recentUnits = 20_000
	recentBytes = 256 << 20
)

// Recent says that what lies at a queue offset was appended lately, or that nothing lies there: looking it up need not
// wait for the disk. It reads nothing.
func (s *Store) Recent(topic string, queueID int32, offset int64) bool {
	q := s.queues.Find(topic, queueID)
	if q == nil {
		return true
	}
	low, high := q.Range()
	if at := consumequeue.Offset(offset); at < low || at >= high {
		return true
	}
	return int64(high)-offset <= recentUnits && int64(s.log.End()-q.MaxPhysical()) <= recentBytes
}
