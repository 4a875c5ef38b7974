package store

import (
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
)

// QueueInfo describes a queue.
type QueueInfo struct {
	Topic                string
	QueueID              int32
	MinOffset, MaxOffset int64
}

// Queues lists the queues there are, in no order.
func (s *Store) Queues() []QueueInfo {
	queues := s.queues.All()
	infos := make([]QueueInfo, len(queues))
	for i, q := range queues {
		low, high := q.Range()
		infos[i] = QueueInfo{Topic: q.Topic(), QueueID: q.ID(), MinOffset: int64(low), MaxOffset: int64(high)}
	}
	return infos
}

// MinOffset is the queue offset of the queue's first message, 0 where there is no such queue.
func (s *Store) MinOffset(topic string, queueID int32) int64 {
	low, _ := s.Bounds(topic, queueID)
	return low
}

// MaxOffset is the queue offset behind the queue's last message, 0 where there is no such queue.
func (s *Store) MaxOffset(topic string, queueID int32) int64 {
	_, high := s.Bounds(topic, queueID)
	return high
}

// Bounds is MinOffset and MaxOffset of one moment.
func (s *Store) Bounds(topic string, queueID int32) (low, high int64) {
	q := s.queues.Find(topic, queueID)
	if q == nil {
		return 0, 0
	}
	first, end := q.Range()
	return int64(first), int64(end)
}

// OffsetByTime is the queue offset of the message stored nearest to timestamp (ms); see
// consumequeue.Queue.OffsetByTime. 0 where there is no such queue.
func (s *Store) OffsetByTime(topic string, queueID int32, timestamp int64) (int64, error) {
	q := s.queues.Find(topic, queueID)
	if q == nil {
		return 0, nil
	}
	offset, err := q.OffsetByTime(timestamp, s.log.Min(), s.log.StoreTimestamp)
	return int64(offset), err
}

// EarliestStoreTime is the storeTimestamp (ms) of the queue's first message, -1 where there is none.
func (s *Store) EarliestStoreTime(topic string, queueID int32) (int64, error) {
	return s.StoreTimeAt(topic, queueID, s.MinOffset(topic, queueID))
}

// StoreTimeAt is the storeTimestamp (ms) of the message at a queue offset, -1 where there is none.
func (s *Store) StoreTimeAt(topic string, queueID int32, offset int64) (int64, error) {
	u, ok, err := s.unit(topic, queueID, offset)
	if err != nil || !ok {
		return -1, err
	}
	stored, ok := s.log.StoreTimestamp(u.Physical)
	if !ok {
		return -1, nil
	}
	return stored, nil
}

func (s *Store) unit(topic string, queueID int32, offset int64) (consumequeue.Unit, bool, error) {
	q := s.queues.Find(topic, queueID)
	if q == nil {
		return consumequeue.Unit{}, false, nil
	}
	u, ok, err := q.Unit(consumequeue.Offset(offset))
	return u, ok && !u.Blank(), err
}

// Units fills dst with the units of a queue from offset on and returns their number; fewer than there is room for at
// the end of a file.
func (s *Store) Units(topic string, queueID int32, offset int64, dst []consumequeue.Unit) (int, error) {
	q := s.queues.Find(topic, queueID)
	if q == nil {
		return 0, nil
	}
	b := s.buffers.get(max(1, len(dst)) * consumequeue.UnitBytes)
	defer s.buffers.put(b)
	n, err := q.Read(consumequeue.Offset(offset), b.bytes[:len(dst)*consumequeue.UnitBytes])
	for i := range n {
		dst[i] = consumequeue.DecodeUnit(b.bytes[i*consumequeue.UnitBytes:])
	}
	return n, err
}

// InDisk says that the message at a queue offset lies so far behind the log's end that it counts as not in memory;
// false where there is none.
func (s *Store) InDisk(topic string, queueID int32, offset int64) bool {
	u, ok, err := s.unit(topic, queueID, offset)
	return ok && err == nil && int64(s.log.End()-u.Physical) > s.memoryBytes
}

// Min is the offset of the first byte of the commit log.
func (s *Store) Min() commitlog.Offset { return s.log.Min() }

// End is the offset behind the last record of the commit log.
func (s *Store) End() commitlog.Offset { return s.log.End() }
