package store

// What is read there is in the page cache as a rule: units and bytes behind the ends.
const (
	recentUnits = 20_000
	recentBytes = 256 << 20
)

// Recent says that what lies at a queue offset was appended lately: looking it up need not wait for the disk.
func (s *Store) Recent(topic string, queueID int32, offset int64) bool {
	q := s.queues.Find(topic, queueID)
	return q == nil || int64(q.Max())-offset <= recentUnits && int64(s.log.End()-q.MaxPhysical()) <= recentBytes
}
